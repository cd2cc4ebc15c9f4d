-- Up Migration

-- Links into a group or channel. A dump opens none of them: the code is found by its hash, and shown to
-- those who run the chat from what the chat's data key has sealed. uses counts who came in by it and who
-- waits to; it changes under the chat's lock alone, so a limit is exact.
create table invites (
  chat_id uuid not null,
  invite_id uuid not null,
  code_hash bytea not null constraint invites_code unique,
  key_version integer not null,
  sealed_code bytea not null,
  created_by uuid not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  max_uses integer check (max_uses > 0),
  uses integer not null default 0,
  needs_approval boolean not null,
  primary key (chat_id, invite_id)
);

-- Who waits to be let in, once a chat.
create table join_requests (
  chat_id uuid not null,
  user_id uuid not null,
  invite_id uuid not null,
  requested_at timestamptz not null,
  primary key (chat_id, user_id)
);
create index join_requests_queue on join_requests (chat_id, requested_at, user_id);
create index join_requests_account on join_requests (user_id, chat_id);
