create publication tidemark_outbox for table outbox with (publish = 'insert', publish_via_partition_root = true);

-- The API: product rows, never a physical delete, never another id; outbox rows are added and nothing else.
grant select, insert on product to tidemark_api;
grant update (version, name, description, price, currency, attributes, updated_at, deleted_at) on product to tidemark_api;
grant insert on outbox to tidemark_api;

-- The relay: the outbox rows (a lost slot is repaired from them), and partitions ahead of time. Its heartbeat is a message in the
-- write-ahead log (pg_logical_emit_message), which needs no table.
grant select on outbox to tidemark_relay;
grant execute on function outbox_partitions_ahead(integer) to tidemark_relay;

-- The audit compares the cache with these rows.
grant select on product to tidemark_audit;
