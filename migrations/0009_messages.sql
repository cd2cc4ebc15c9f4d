-- Up Migration

-- Whom a message means. It is in the clear, so that counting asks for no content: it tells that
-- somebody was meant, not what was said. A message that means everyone has one row, whose user_id is
-- the nil UUID. Rows follow edits and deletion, and there is none for the sender herself.
-- Unread mentions of a person in a chat: user_id in (hers, nil), the chat, seq above her read_seq.
create table if not exists mentions (
  chat_id uuid not null,
  seq bigint not null,
  user_id uuid not null,
  primary key (chat_id, seq, user_id)
);
create index if not exists mentions_of on mentions (user_id, chat_id, seq);

-- What a message said before it was edited, sealed as it was. rev: the last one at which it said so.
create table if not exists message_edits (
  chat_id uuid not null,
  seq bigint not null,
  rev bigint not null,
  key_version integer not null,
  sealed bytea not null,
  written_at timestamptz not null,
  primary key (chat_id, seq, rev)
);
