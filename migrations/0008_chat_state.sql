-- Up Migration

-- What one person has set for one chat, for herself alone. Without a row nothing was ever set. It is
-- kept when she leaves: what she cleared stays hidden should she come back.
create table if not exists chat_preferences (
  user_id uuid not null,
  chat_id uuid not null,
  account_rev bigint not null,
  muted_until timestamptz,
  notify text not null default 'all' check (notify in ('all', 'mentions', 'none')),
  pinned boolean not null default false,
  archived boolean not null default false,
  marked_unread boolean not null default false,
  -- Up to here the history is hidden from her.
  cleared_seq bigint not null default 0,
  -- Up to here she has put the notifications away, whether she has read or not.
  notified_seq bigint not null default 0,
  -- Sealed with the chat's keys, bound to the chat and to her.
  draft_key_version integer,
  draft_sealed bytea,
  primary key (user_id, chat_id),
  check ((draft_sealed is null) = (draft_key_version is null))
);
create index if not exists chat_preferences_changes on chat_preferences (user_id, account_rev);
