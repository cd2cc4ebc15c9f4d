-- Up Migration

-- What a person shows to whom: the settings that are not as they come, by name.
-- privacy_xid is the transaction of their last change, for the sweep.
alter table users
  add column privacy jsonb not null default '{}',
  add column privacy_xid xid8;
create index users_privacy_changed on users (privacy_xid) where privacy_xid is not null;

-- What everybody may see of `about`: profiles that are shown to many at once have this.
alter table users add column public_about text not null generated always as (
  case
    when privacy -> 'about' is null then about
    when privacy -> 'about' ->> 'who' = 'everyone' and privacy -> 'about' -> 'deny' = '[]' then about
    else ''
  end
) stored;

-- Up to where a person has written: so far everybody can tell that she has read, whatever she shows.
alter table receipts add column sent_seq bigint not null default 0;
