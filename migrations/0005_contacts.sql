-- Up Migration

-- What one person is to another, from each side: two rows a pair, each with the counter of its owner.
-- 'none' is a tombstone. Every write happens under the locks of both accounts.
-- changed_xid is the transaction of the last change, for the sweep.
create table contacts (
  user_id uuid not null,
  peer_id uuid not null,
  state text not null check (state in ('none', 'incoming', 'outgoing', 'accepted', 'blocked')),
  since timestamptz not null,
  account_rev bigint not null,
  changed_xid xid8 not null default pg_current_xact_id(),
  primary key (user_id, peer_id)
);
create index contacts_changes on contacts (user_id, account_rev);
create index contacts_list on contacts (user_id, state, since, peer_id) where state <> 'none';
create index contacts_peer on contacts (peer_id, user_id);
create index contacts_changed on contacts (changed_xid);

-- Up to which counter a person has seen the requests that came in.
create table contact_views (
  user_id uuid primary key,
  account_rev bigint not null
);

-- The direct chats in which nothing may be said, because one of the two has blocked the other. Written
-- under the lock of the chat, so that a send that comes after it finds it.
create table blocked_chats (
  chat_id uuid primary key
);
