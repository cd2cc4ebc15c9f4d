-- Up Migration

-- Channels: those who run one write, whoever has subscribed reads. A subscriber's coming and going takes
-- no rev of the chat: the row keeps the rev it had, or 0, and tells its account alone.
alter table chats drop constraint if exists chats_kind_check;
alter table chats
  add constraint chats_kind_check check (kind in ('direct', 'group', 'channel')),
  add column if not exists about text not null default '',
  -- Given once and kept, by a deleted channel too: nobody can pose as who had it.
  add column handle text,
  add column visibility text check (visibility in ('public', 'private')),
  -- Whether posts carry the name of their author, and whether subscribers may reply to them.
  add column signatures boolean not null default false,
  add column comments boolean not null default false,
  add constraint chats_channel check ((kind = 'channel') = (visibility is not null)),
  add constraint chats_public check (visibility is distinct from 'public' or handle is not null);
create unique index chats_handle on chats (handle) where handle is not null;
-- The directory: two walks along an index, by handle and by title.
create index chats_directory on chats (handle text_pattern_ops)
  where visibility = 'public' and deleted_at is null;
create index chats_directory_title on chats (lower(title) text_pattern_ops, chat_id)
  where visibility = 'public' and deleted_at is null;

alter table members drop constraint if exists members_role_check;
alter table members
  add constraint members_role_check check (role in ('owner', 'admin', 'member', 'subscriber'));
-- Pages of the members, and who inherits, cost the same in a large chat as in a small one.
create index members_by_joining on members (chat_id, joined_at, user_id) where left_at is null;
create index members_in_charge on members (chat_id, joined_at, user_id)
  where left_at is null and role in ('owner', 'admin');

-- How a post in a channel is shown, decided when it was sent: with the channel as its sender, or with its
-- author. null elsewhere, and for comments.
alter table messages add column posted_as text check (posted_as in ('channel', 'author'));

-- How many subscribers have read a post; each is counted once, when the read cursor first passes it.
create table message_views (
  chat_id uuid not null,
  seq bigint not null,
  views bigint not null,
  primary key (chat_id, seq)
) with (fillfactor = 70);

-- Where the read cursor stood before its last step: what lies between was read for the first time.
alter table receipts add column prior_read_seq bigint not null default 0;
