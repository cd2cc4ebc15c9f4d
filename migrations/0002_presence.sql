-- Up Migration

-- Who is connected where. Both tables are unlogged: a crash of Postgres empties them, and the next
-- renewal of each isolate puts its own back.

-- The isolates that run, each as long as its lease lasts. The database's clock alone decides.
create unlogged table isolates (
  isolate_id uuid primary key,
  -- Since when the lease has lasted without a break. An isolate that finds another time here than the
  -- one it knows may have been taken for dead, and its connections with it.
  began_at timestamptz not null default now(),
  renewed_at timestamptz not null default now(),
  expires_at timestamptz not null
);

-- The people with an active connection, each once an isolate, which counts its sockets by itself.
-- Every write happens under the lock of the person's last_seen, taken in the order of the ids.
create unlogged table connections (
  user_id uuid not null,
  isolate_id uuid not null,
  primary key (user_id, isolate_id)
);
create index connections_isolate on connections (isolate_id);

-- The transaction of the person's last coming or going, for the sweep.
alter table last_seen add column changed_xid xid8 not null default pg_current_xact_id();
create index last_seen_changed on last_seen (changed_xid);
