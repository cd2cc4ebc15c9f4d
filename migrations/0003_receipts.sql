-- Up Migration

-- The sweep finds the cursors that moved and nobody has told of.
create index receipts_changed on receipts (changed_xid);
