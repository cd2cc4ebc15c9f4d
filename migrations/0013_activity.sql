-- Up Migration

-- When something was last said in a chat, or the chat was made: what a list of chats is ordered by, found
-- with the head instead of among the messages. In milliseconds, as cursors have it.
alter table heads add column active_at timestamptz not null
  default date_trunc('milliseconds', now());
update heads set active_at = coalesce(last.created_at, c.created_at)
  from chats c left join lateral (
    select created_at from messages m where m.chat_id = c.chat_id order by seq desc limit 1
  ) last on true
  where scope_id = c.chat_id;
