-- The outbox's partitions with their bounds. The default partition, which has none, is not among them.
create function outbox_partitions() returns table (name text, first_instant timestamptz, last_instant timestamptz)
  language sql stable security definer
  set search_path = pg_catalog, pg_temp
  set timezone = 'UTC'
  set datestyle = 'ISO'
as $$
  select part.relname::text,
         substring(bound.text from $re$FROM \('([^']+)'\)$re$)::timestamptz,
         substring(bound.text from $re$TO \('([^']+)'\)$re$)::timestamptz
    from pg_inherits join pg_class part on part.oid = inhrelid,
         pg_get_expr(part.relpartbound, part.oid) as bound(text)
   where inhparent = '${schema}.outbox'::regclass and bound.text <> 'DEFAULT'
$$;
revoke execute on function outbox_partitions() from public;

-- Answers when the slot's reader has confirmed everything up to `position`. Fails when that does not come about in `patience`, or
-- never will with this slot.
create function outbox_await_confirmed(slot name, "position" pg_lsn, patience interval) returns void
  language plpgsql volatile
  set search_path = pg_catalog, pg_temp
as $$
declare
  deadline timestamptz := clock_timestamp() + patience;
  found_slot record;
begin
  loop
    select * into found_slot from pg_replication_slots where slot_name = slot and slot_type = 'logical' and database = current_database();
    if not found then
      raise exception 'this database has no logical replication slot %', slot
        using errcode = 'undefined_object', hint = 'What no slot has is not relayed. Start the relay, which repairs that.';
    elsif found_slot.wal_status = 'lost' then
      raise exception 'replication slot % is lost', slot
        using errcode = 'object_not_in_prerequisite_state', hint = 'What it had is not relayed. Start the relay, which repairs that.';
    end if;
    exit when found_slot.confirmed_flush_lsn >= "position";
    if clock_timestamp() > deadline then
      raise exception 'replication slot % has not confirmed % within %', slot, "position", patience
        using errcode = 'object_not_in_prerequisite_state', hint = 'The relay does not run, or is behind.';
    end if;
    perform pg_sleep(0.05);
  end loop;
end
$$;
revoke execute on function outbox_await_confirmed(name, pg_lsn, interval) from public;

-- Takes one step of removing what is older than `keep` and relayed, and answers what it did; null when there is nothing more to
-- do. Call it until then: each call is a transaction of its own, which keeps locks short. It fails, having removed nothing, when
-- that which is old is not relayed by `slot`, or is in use; call it again later. Safe to call at any time, and twice at once.
--
-- Rows of a day have been relayed when nobody can commit another one, and the slot has confirmed the log as far as it then was.
-- So the partition is locked against writers, which waits for those that have written to it, and the relay's next heartbeat is
-- waited for. The insert position is taken, not the write position: an asynchronous commit is visible before it is written.
-- What this cannot see: rows that an earlier slot of the same name lost. The relay repairs them before it streams.
--
-- Dropping a partition locks the whole outbox for some milliseconds. Whoever has written to it in an open transaction is waited
-- for a twentieth of a second, in which others wait behind; then they go on and it is tried again.
create function outbox_remove_expired(slot name, keep interval) returns text
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '2s'
as $$
declare
  patience constant interval := '10s';
  attempts constant integer := 10;
  expired timestamptz := clock_timestamp() - keep;
  partition text;
  strays uuid[];
  removed integer;
begin
  if keep is null or keep < interval '1 day' then
    raise exception 'what is younger than a day is kept, not only %', keep using errcode = 'invalid_parameter_value';
  end if;
  if not pg_try_advisory_xact_lock(hashtextextended('tidemark outbox retention', 0)) then
    return null; -- another call is at it
  end if;

  -- Rows whose day never got a partition. They are visible, so their commits are in the log.
  strays := array(select id from ${schema}.outbox_default where occurred_at < expired limit 10000);
  if cardinality(strays) > 0 then
    perform ${schema}.outbox_await_confirmed(slot, pg_current_wal_insert_lsn(), patience);
    delete from ${schema}.outbox_default where id = any(strays) and occurred_at < expired;
    get diagnostics removed = row_count;
    return format('%s rows of outbox_default deleted', removed);
  end if;

  select name into partition from ${schema}.outbox_partitions() where last_instant <= expired order by last_instant limit 1;
  if partition is null then
    return null;
  end if;
  execute format('lock table ${schema}.%I in share mode', partition);
  perform ${schema}.outbox_await_confirmed(slot, pg_current_wal_insert_lsn(), patience);
  perform set_config('lock_timeout', '50ms', true);
  for attempt in 1..attempts loop
    -- A writer who waits for this partition has the outbox open: the two would wait for each other.
    if exists (select from pg_locks where relation = to_regclass(format('${schema}.%I', partition)) and not granted
                  and database = (select oid from pg_database where datname = current_database())) then
      raise exception 'somebody writes to partition %', partition using errcode = 'lock_not_available';
    end if;
    begin
      execute format('drop table ${schema}.%I', partition);
      return format('partition %s dropped', partition);
    exception when lock_not_available then
      if attempt = attempts then
        raise;
      end if;
    end;
    perform pg_sleep(0.2);
  end loop;
end
$$;
revoke execute on function outbox_remove_expired(name, interval) from public;

grant execute on function outbox_partitions(), outbox_remove_expired(name, interval) to tidemark_relay;

-- As in V2, and no writer fails. One whose day has no partition goes for the default partition; if it waits there while that very
-- day is attached, PostgreSQL refuses its row. So when a missing day is one that is written to now, writers are kept out of the
-- whole outbox (they wait) while its rows move; to get in, whoever has the outbox open is waited for a fifth of a second.
create or replace function outbox_partitions_ahead(days integer) returns integer
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '2s'
as $$
declare
  today date := (clock_timestamp() at time zone 'UTC')::date;
  missing date[];
  day date;
  name text;
  first_instant timestamptz;
  last_instant timestamptz;
begin
  if days is null or days not between 0 and 366 then
    raise exception 'days must be between 0 and 366, not %', days using errcode = 'invalid_parameter_value';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('tidemark outbox partitions', 0));
  missing := array(
    select wanted from (
      select today + n from generate_series(0, days) n
      union
      select (occurred_at at time zone 'UTC')::date from ${schema}.outbox_default
       where occurred_at >= (today - 31)::timestamp at time zone 'UTC'
         and occurred_at < (today + days + 1)::timestamp at time zone 'UTC') as days(wanted)
     where to_regclass('${schema}.outbox_' || to_char(wanted, 'YYYYMMDD')) is null
     order by 1);
  -- A day more on either side: midnight may be near.
  if exists (select from unnest(missing) as m(day) where m.day between today - 1 and today + 1) then
    perform set_config('lock_timeout', '200ms', true);
    lock table only ${schema}.outbox in access exclusive mode;
    perform set_config('lock_timeout', '2s', true);
  end if;
  foreach day in array missing loop
    name := 'outbox_' || to_char(day, 'YYYYMMDD');
    first_instant := day::timestamp at time zone 'UTC';
    last_instant := (day + 1)::timestamp at time zone 'UTC';
    execute format('create table ${schema}.%I (like ${schema}.outbox including all)', name);
    lock table ${schema}.outbox_default in access exclusive mode;
    execute format('with moved as (delete from ${schema}.outbox_default where occurred_at >= %L and occurred_at < %L returning *) '
                   'insert into ${schema}.%I select * from moved', first_instant, last_instant, name);
    execute format('alter table ${schema}.outbox attach partition ${schema}.%I for values from (%L) to (%L)',
                   name, first_instant, last_instant);
  end loop;
  return cardinality(missing);
end
$$;
