-- Up Migration

-- One row that names the history this database holds. `epoch()` mixes it with what Postgres itself
-- knows, so that a restored dump, a restored backup and a failover each count as another history.
create table installation (
  only_row boolean primary key default true check (only_row),
  history_id uuid not null default gen_random_uuid()
);
insert into installation default values;

create function epoch() returns text language sql stable as $$
  select md5(concat_ws('/', i.history_id, s.system_identifier, c.timeline_id,
    (select oid from pg_database where datname = current_database())))
  from installation i, pg_control_system() s, pg_control_checkpoint() c
$$;

-- The counters of every scope (a chat or an account). Only src/changes/ writes here.
-- changed_xid is the transaction of the last change: what is not below the oldest transaction
-- still running may be news, which needs no clock.
create table heads (
  scope_id uuid primary key,
  rev bigint not null default 0,
  last_seq bigint not null default 0,
  changed_xid xid8 not null default pg_current_xact_id()
) with (fillfactor = 70);
create index heads_changed on heads (changed_xid);

-- accounts ---------------------------------------------------------------------------------------
-- The foreign keys are deferred: a batch writes its tables in any order.

create table users (
  user_id uuid primary key,
  -- Names are told apart at the end of a transaction: within one batch a name may pass from one hand
  -- to another, in whatever order the rows are written.
  username text not null constraint users_username unique deferrable initially deferred,
  email text constraint users_email unique deferrable initially deferred,
  password_hash text not null,
  display_name text not null,
  about text not null default '',
  created_at timestamptz not null default now(),
  account_rev bigint not null
);
create index users_username_prefix on users (username text_pattern_ops);
create index users_name_prefix on users (lower(display_name) text_pattern_ops);

create table devices (
  device_id uuid primary key,
  user_id uuid not null references users deferrable initially deferred,
  name text not null,
  platform text not null,
  created_at timestamptz not null default now(),
  last_used_at timestamptz not null default now(),
  revoked_at timestamptz,
  account_rev bigint not null
);
create index devices_changes on devices (user_id, account_rev);
create index devices_signed_in on devices (user_id) where revoked_at is null;

-- Used tokens stay until they run out: one that comes back gives its thief away.
create table refresh_tokens (
  token_hash bytea primary key,
  device_id uuid not null references devices deferrable initially deferred,
  issued_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create index refresh_tokens_device on refresh_tokens (device_id);
create index refresh_tokens_expiry on refresh_tokens (expires_at);

-- chats ------------------------------------------------------------------------------------------
-- chat_id leads every key. The busy tables carry no foreign keys: every write to them happens under
-- the lock of the chat's head, and the checks would cost each message a look-up.

create table chats (
  chat_id uuid primary key,
  kind text not null check (kind in ('direct', 'group')),
  title text,
  direct_key text constraint chats_direct_key unique,
  member_count integer not null,
  created_by uuid not null,
  created_at timestamptz not null,
  deleted_at timestamptz,
  rev bigint not null
);

-- A membership belongs to the chat and to the account: it carries a counter of each.
create table members (
  chat_id uuid not null,
  user_id uuid not null,
  role text not null check (role in ('owner', 'admin', 'member')),
  joined_at timestamptz not null,
  -- The chat's last_seq when the member came: what was said before is read from the start.
  joined_seq bigint not null,
  left_at timestamptz,
  rev bigint not null,
  account_rev bigint not null,
  primary key (chat_id, user_id)
);
create index members_changes on members (chat_id, rev);
create index members_account on members (user_id, account_rev);

-- The keys that seal a chat's messages, each wrapped by a master key.
create table chat_keys (
  chat_id uuid not null,
  key_version integer not null,
  master_key_id text not null,
  wrapped bytea not null,
  created_at timestamptz not null default now(),
  primary key (chat_id, key_version)
);
create index chat_keys_master on chat_keys (master_key_id);

-- messages ---------------------------------------------------------------------------------------

create table messages (
  chat_id uuid not null,
  seq bigint not null,
  rev bigint not null,
  message_id uuid not null constraint messages_message_id unique,
  sender_id uuid not null,
  key_version integer not null,
  sealed bytea,
  reply_to_seq bigint,
  reply_to_id uuid,
  reply_count integer not null default 0,
  -- [[emoji, count], …] in order of first use; kept with each change of `reactions`, under the lock.
  reaction_counts jsonb not null default '[]',
  created_at timestamptz not null,
  edited_at timestamptz,
  pinned_at timestamptz,
  deleted_at timestamptz,
  primary key (chat_id, seq),
  check ((sealed is null) = (deleted_at is not null))
);
create index messages_changes on messages (chat_id, rev);
create index messages_replies on messages (chat_id, reply_to_seq, seq) where reply_to_seq is not null;

create table reactions (
  chat_id uuid not null,
  seq bigint not null,
  emoji text not null,
  user_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (chat_id, seq, emoji, user_id)
);

-- How far each member has come. Cursors only grow and take no rev.
create table receipts (
  chat_id uuid not null,
  user_id uuid not null,
  delivered_seq bigint not null default 0,
  read_seq bigint not null default 0,
  changed_xid xid8 not null default pg_current_xact_id(),
  primary key (chat_id, user_id)
) with (fillfactor = 70);

-- Messages that one person deleted for herself.
create table hidden_messages (
  user_id uuid not null,
  chat_id uuid not null,
  seq bigint not null,
  message_id uuid not null,
  account_rev bigint not null,
  primary key (user_id, chat_id, seq)
);
create index hidden_messages_changes on hidden_messages (user_id, account_rev);

-- presence ---------------------------------------------------------------------------------------

create table last_seen (
  user_id uuid primary key,
  seen_at timestamptz not null
);
