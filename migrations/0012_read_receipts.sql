-- Up Migration

-- Whether a person hides from anybody what she has read. Those who do are few, and found by an index
-- that is as small.
alter table users add column hides_reads boolean not null generated always as (
  privacy -> 'readReceipts' is not null
    and not (privacy -> 'readReceipts' ->> 'who' = 'everyone'
      and privacy -> 'readReceipts' -> 'deny' = '[]')
) stored;
create index users_hiding_reads on users (user_id) where hides_reads;

-- Whether a person's privacy rule lets another one; src/contacts/privacy.ts says the same.
create function privacy_lets(rule jsonb, owner_id uuid, viewer_id uuid)
returns boolean language sql stable as $$
  select rule is null or not rule -> 'deny' ? viewer_id::text and (
    rule ->> 'who' = 'everyone'
    or not exists (
      select from contacts where state = 'blocked' and (user_id, peer_id) in (
        (owner_id, viewer_id), (viewer_id, owner_id)
      )
    ) and (
      rule -> 'allow' ? viewer_id::text
      or rule ->> 'who' = 'contacts' and exists (
        select from contacts
        where user_id = owner_id and peer_id = viewer_id and state = 'accepted'
      )
    )
  )
$$;

-- Whether the two people of a direct chat show each other what they have read: both have to.
create function pair_shows_reads(direct_key text) returns boolean language sql stable as $$
  select not exists (
    select from unnest(string_to_array(direct_key, '/')::uuid[]) owner (user_id)
    join users using (user_id)
    cross join unnest(string_to_array(direct_key, '/')::uuid[]) viewer (user_id)
    where hides_reads and viewer.user_id <> owner.user_id
      and not privacy_lets(privacy -> 'readReceipts', owner.user_id, viewer.user_id)
  )
$$;
