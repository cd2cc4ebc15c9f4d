-- Up Migration

-- A deleted account leaves its id behind, so that what others may keep still has a sender. Everything
-- else of the row is gone from the moment on in which it is marked.
-- erase_after: what other tables hold of the account is still to be erased, by whoever comes first
-- after this moment. It is a queue, a lease and a note of what is done in one: null once nothing is left.
alter table users
  alter column username drop not null,
  add column deleted_at timestamptz,
  add column erase_after timestamptz,
  add constraint users_named check ((username is null) = (deleted_at is not null)),
  add constraint users_emptied check (case when deleted_at is null then erase_after is null
    else email is null and password_hash = '' and about = '' end);
create index users_to_erase on users (erase_after) where erase_after is not null;

-- Usernames that were given up. Until held_until only the former owner may take one back; nobody may
-- where there is none, because the account was deleted. Rows that have run out mean nothing.
create table held_usernames (
  username text primary key,
  user_id uuid,
  held_until timestamptz not null
);
create index held_usernames_owner on held_usernames (user_id);
create index held_usernames_end on held_usernames (held_until);
