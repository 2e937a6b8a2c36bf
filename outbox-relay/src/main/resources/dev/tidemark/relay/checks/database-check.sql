-- What is wrong with the database and its server, seen by the relay's role.
-- Parameters: slot, publication. Answer: severity (see Finding.Severity), what, remedy; no row when all is well.
-- A condition that cannot be told, because what it is about is missing, is no finding: the missing thing is one.
with
  relay as (
    select rolname,
           rolsuper or rolreplication
             -- A managed service may give the right by membership instead.
             or exists (select from pg_roles managed
                         where managed.rolname = 'rds_replication' and pg_has_role(managed.oid, 'member')) as may_replicate
      from pg_roles
     where rolname = current_user),
  outbox as (select to_regclass('outbox') as oid),
  outbox_schema as (
    select nspname from outbox join pg_class as part on part.oid = outbox.oid join pg_namespace as space on space.oid = relnamespace),
  day as (
    -- FOR VALUES FROM ('a') TO ('b'); the default partition has no quotes.
    select nullif(split_part(bound, '''', 2), '')::timestamptz as first_instant,
           nullif(split_part(bound, '''', 4), '')::timestamptz as last_instant
      from outbox join pg_inherits on inhparent = outbox.oid join pg_class part on part.oid = inhrelid,
           pg_get_expr(part.relpartbound, part.oid) as bound),
  publication as (select * from pg_publication where pubname = :publication),
  published as (
    select tables.*, schemaname = outbox_schema.nspname and tablename = 'outbox' as is_outbox
      from pg_publication_tables as tables left join outbox_schema on true
     where pubname = :publication),
  slot as (select *, database = current_database() and plugin = 'pgoutput' as is_ours
             from pg_replication_slots where slot_name = :slot),
  setting as (select name, setting, current_setting(name) as shown from pg_settings)

-- The server.
select 'ERROR' as severity,
       format('wal_level is %s', shown) as what,
       'set wal_level = logical in postgresql.conf, restart the server, run `tidemark migrate`' as remedy
  from setting where name = 'wal_level' and shown <> 'logical'
union all
-- Both are in megabytes.
select 'WARNING',
       format('max_slot_wal_keep_size is %s, below max_wal_size (%s)', kept.shown, size.shown),
       'raise it: a relay that rests, or one long transaction, could cost it the slot'
  from setting as kept, setting as size
 where kept.name = 'max_slot_wal_keep_size' and size.name = 'max_wal_size'
   and kept.setting::bigint <> -1 and kept.setting::bigint < size.setting::bigint
union all
select 'WARNING',
       format('idle_replication_slot_timeout is %s', shown),
       'set it to 0: a relay that rests longer loses its slot'
  from setting where name = 'idle_replication_slot_timeout' and setting <> '0'

-- The role.
union all
select 'ERROR',
       format('role %s may not replicate', rolname),
       format('alter role %I replication', rolname)
  from relay where not may_replicate
union all
select 'WARNING',
       format('role %s may not read the table outbox', rolname),
       format('grant select on outbox to %I; a lost slot is repaired from its rows', rolname)
  from relay, outbox where not has_table_privilege(outbox.oid, 'select')
union all
select 'WARNING',
       format('role %s may not make partitions of the outbox', rolname),
       format('grant execute on function outbox_partitions_ahead(integer) to %I', rolname)
  from relay where not has_function_privilege(to_regprocedure('outbox_partitions_ahead(integer)'), 'execute')
union all
select 'ERROR',
       format('role %s may not call %s', rolname, heartbeat.oid::regprocedure),
       format('grant execute on function %s to %I; it is the heartbeat, without which quiet tables hold back the log',
              heartbeat.oid::regprocedure, rolname)
  from relay, pg_proc as heartbeat
 where heartbeat.proname = 'pg_logical_emit_message' and heartbeat.proargtypes[1] = 'text'::regtype
   and heartbeat.proargtypes[2] = 'text'::regtype and not has_function_privilege(heartbeat.oid, 'execute')

union all
select 'WARNING',
       format('role %s may not make temporary tables', rolname),
       format('grant temporary on database %I to %I; a lost slot is repaired by way of one', current_database(), rolname)
  from relay where not has_database_privilege(current_database(), 'temporary')
union all
select 'WARNING',
       'the database is older than this relay: it has no function outbox_remove_expired',
       'run `tidemark migrate`; until then old rows stay in the outbox'
  from outbox where oid is not null and to_regprocedure('outbox_remove_expired(name,interval)') is null
union all
select 'WARNING',
       format('role %s may not remove old partitions of the outbox', rolname),
       format('grant execute on function outbox_partitions(), outbox_remove_expired(name, interval) to %I', rolname)
  from relay
 where not (has_function_privilege(to_regprocedure('outbox_remove_expired(name,interval)'), 'execute')
            and has_function_privilege(to_regprocedure('outbox_partitions()'), 'execute'))

-- The outbox and its publication.
union all
select 'WARNING',
       'the outbox has no partition for today, tomorrow or the day after',
       'the active relay makes them: see why it does not, or call select outbox_partitions_ahead(14)'
  from outbox, generate_series(0, 2) as ahead
 where outbox.oid is not null
   and not exists (select from day where first_instant <= now() + ahead * interval '1 day' and now() + ahead * interval '1 day' < last_instant)
having count(*) > 0
union all
-- An estimate of PostgreSQL's statistics: the table may not be there, and a count might take long.
select 'WARNING',
       'rows are in the default partition of the outbox',
       'a day had no partition, or a writer''s clock is wrong; select outbox_partitions_ahead(14) moves those of the last month '
         || 'and the next two weeks'
 where pg_stat_get_live_tuples(to_regclass('outbox_default')) > 0
union all
select 'ERROR', 'there is no table outbox in this database', 'see that DATABASE_URL names the right one, and that the search_path of its role has the schema of the tables; run `tidemark migrate`'
  from outbox where oid is null
union all
select 'ROWS_PASS_BY',
       format('there is no publication %s', :publication),
       format('create publication %I for table outbox with (publish = ''insert'', publish_via_partition_root = true)', :publication)
 where not exists (select from publication)
union all
select 'ROWS_PASS_BY', format('publication %s does not publish inserts', pubname), format('alter publication %I set (publish = ''insert'')', pubname)
  from publication where not pubinsert
union all
select 'ROWS_PASS_BY',
       format('publication %s publishes partitions under their own names', pubname),
       format('alter publication %I set (publish_via_partition_root = true)', pubname)
  from publication where not pubviaroot
union all
select 'ROWS_PASS_BY', format('publication %s does not contain the table outbox', pubname), format('alter publication %I add table outbox', pubname)
  from publication where pubviaroot and not exists (select from published where is_outbox)
union all
select 'ROWS_PASS_BY',
       format('publication %s publishes a part of the outbox only', pubname),
       format('alter publication %I set table outbox', pubname)
  from published
 where is_outbox
   and (rowfilter is not null
        or cardinality(attnames) < (select count(*) from pg_attribute, outbox
                                     where attrelid = outbox.oid and attnum > 0 and not attisdropped))
union all
select 'WARNING',
       format('publication %s publishes more than inserts', pubname),
       format('alter publication %I set (publish = ''insert''); the relay passes over the rest', pubname)
  from publication where pubupdate or pubdelete or pubtruncate
union all
select 'WARNING',
       format('publication %s publishes updates or deletes, and %s of its tables or partitions have no replica identity', pubname, count(*)),
       format('alter publication %I set (publish = ''insert''); until then PostgreSQL refuses the updates and deletes', pubname)
  from publication, outbox, pg_partition_tree(outbox.oid) as part, pg_class as part_class
 where part_class.oid = part.relid and (pubupdate or pubdelete)
   and (relreplident = 'n'
        or relreplident = 'd' and not exists (select from pg_index where indrelid = part.relid and indisprimary))
 group by pubname
union all
select 'WARNING',
       format('publication %s contains tables beside the outbox', pubname),
       format('alter publication %I set table outbox; the relay passes over the rest', pubname)
  from publication where pubviaroot and exists (select from published where not is_outbox)

-- The slot.
union all
select 'SLOT_GONE',
       format('there is no replication slot %s', :slot),
       'a relay that had it makes it anew and repairs from the outbox; on a new database run `tidemark migrate`'
 where not exists (select from slot)
union all
select 'ERROR',
       format('replication slot %s belongs to database %s and plugin %s', slot_name, database, plugin),
       'one server serves one Tidemark database; set TIDEMARK_RELAY_SLOT to a slot of this database with the plugin pgoutput'
  from slot where is_ours is not true
union all
select 'SLOT_GONE',
       format('replication slot %s is invalidated, the server removed log that it still needed', slot_name),
       'no row is lost: the relay makes the slot anew and repairs from the table outbox; see that max_slot_wal_keep_size is large enough'
  from slot where wal_status = 'lost'
union all
select 'WARNING',
       format('wal_status of replication slot %s is %s', slot_name, wal_status),
       'the relay is behind: see relay_lag_seconds, and pg_stat_activity for long transactions; '
         || case wal_status
              when 'unreserved' then 'raise max_slot_wal_keep_size at once, the next checkpoint may take the slot'
              else 'the server keeps more log than max_wal_size because of it' end
  from slot where wal_status in ('extended', 'unreserved')
