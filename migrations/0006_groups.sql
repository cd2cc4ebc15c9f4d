-- Up Migration

-- How a group is run. The defaults are what held before: admins look after it, everyone writes.
alter table chats
  add column if not exists about text not null default '',
  add column permissions jsonb not null default
    '{"sendMessages":"everyone","addMembers":"admins","changeInfo":"admins","pinMessages":"admins"}',
  add column slow_mode_seconds integer not null default 0,
  add column history_for_newcomers text not null default 'all'
    check (history_for_newcomers in ('all', 'sinceJoining'));

alter table members
  -- What an admin was granted; null for the usual rights, and for those who are no admins.
  add column rights jsonb,
  -- Up to here the chat is hidden from the person: what was said before she came, where the group said
  -- so at that moment.
  add column history_from bigint not null default 0,
  -- When the person last wrote in slow mode, where that was on.
  add column last_sent_at timestamptz;

-- Who cannot come in until unbanned.
create table bans (
  chat_id uuid not null,
  user_id uuid not null,
  banned_by uuid not null,
  banned_at timestamptz not null,
  primary key (chat_id, user_id)
);
create index bans_page on bans (chat_id, banned_at, user_id);
create index bans_account on bans (user_id, chat_id);
