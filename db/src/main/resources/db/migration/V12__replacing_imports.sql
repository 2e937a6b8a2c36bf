-- A replacing import under way, and what it has named. Nothing of it needs to outlive a crash of the server or a failover: both
-- tables, being unlogged, are then empty together, and an import that finds its row gone deletes nothing more.
create unlogged table replacing_import (
  id    uuid        not null primary key default uuid_v7(),
  -- What is written later is not the import's to delete.
  began timestamptz not null default clock_timestamp()
);

create unlogged table replacing_import_id (
  import uuid not null,
  id     text not null,
  primary key (import, id)
);

-- Update is what locking a row asks for.
grant select, insert, update, delete on replacing_import to tidemark_api;
grant select, insert, delete on replacing_import_id to tidemark_api;
