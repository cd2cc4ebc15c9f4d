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

-- Of a message that is a poll: [votes of each option, …], how many people voted, when it was closed by
-- hand. Kept with each change of `poll_votes`, under the lock.
alter table messages add column if not exists poll jsonb;

-- Who chose which options: bit n stands for option n, so what they say stays sealed. None, once taken
-- back; the row stays, since it tells the voter's other devices.
create table if not exists poll_votes (
  chat_id uuid not null,
  seq bigint not null,
  user_id uuid not null,
  choices integer not null,
  voted_at timestamptz not null,
  account_rev bigint not null,
  primary key (chat_id, seq, user_id)
);
create index if not exists poll_votes_changes on poll_votes (user_id, account_rev);
