-- Makes the partition of one day (UTC) and moves the day's rows there from the default partition. The new table is filled first and
-- attached then, so rows that move are not published again. The default partition is locked meanwhile.
create function outbox_make_partition(day date) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
declare
  name text := 'outbox_' || to_char(day, 'YYYYMMDD');
  first_instant timestamptz := day::timestamp at time zone 'UTC';
  last_instant timestamptz := (day + 1)::timestamp at time zone 'UTC';
begin
  execute format('create table ${schema}.%I (like ${schema}.outbox including all)', name);
  lock table ${schema}.outbox_default in access exclusive mode;
  execute format('with moved as (delete from ${schema}.outbox_default where occurred_at >= %L and occurred_at < %L returning *) '
                 'insert into ${schema}.%I select * from moved', first_instant, last_instant, name);
  execute format('alter table ${schema}.outbox attach partition ${schema}.%I for values from (%L) to (%L)',
                 name, first_instant, last_instant);
end
$$;
revoke execute on function outbox_make_partition(date) from public;

-- Takes one step of making the missing daily partitions (UTC), from today to `days` days ahead and for days of the last month that
-- have rows in the default partition. Answers how many it made; 0 when there is nothing more to do. Call it until then: each call is
-- a transaction of its own, so that no writer waits long (H47). Safe to repeat and to run twice at once.
--
-- First comes today, then tomorrow, each alone. One whose day has no partition goes for the default partition; if it waits there
-- while that very day is attached, PostgreSQL refuses its row. So writers are kept out of the whole outbox (they wait) while such a
-- day is made; to get in, whoever has the outbox open is waited for a fifth of a second. When too many rows of today are in the
-- default partition to move them in that time, they stay there: from tomorrow on nobody writes to it, and they move then.
--
-- Then come the days that nobody writes to, for whose sake only the default partition is locked. While it is written to because
-- today has no partition, one of them at a time, and none of the past, whose rows would have to move.
create or replace function outbox_partitions_ahead(days integer) returns integer
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '2s'
as $$
declare
  most_bytes constant bigint := 16 * 1024 * 1024;
  most_rows constant integer := 10000;
  today date := (clock_timestamp() at time zone 'UTC')::date;
  -- Rows of yesterday may still come in the first hour.
  past_until timestamptz := ((clock_timestamp() - interval '1 hour') at time zone 'UTC')::date::timestamp at time zone 'UTC';
  is_small boolean := pg_relation_size('${schema}.outbox_default') <= most_bytes;
  has_today boolean;
  missing date[];
  past date[] := '{}';
  day date;
begin
  if days is null or days not between 0 and 366 then
    raise exception 'days must be between 0 and 366, not %', days using errcode = 'invalid_parameter_value';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('tidemark outbox partitions', 0));
  missing := array(
    select today + n from generate_series(0, days) n
     where to_regclass('${schema}.outbox_' || to_char(today + n, 'YYYYMMDD')) is null
     order by 1);
  has_today := today <> all (missing);

  if not has_today and not (is_small and most_rows >= (
       select count(*) from (
         select from ${schema}.outbox_default
          where occurred_at >= today::timestamp at time zone 'UTC' and occurred_at < (today + 1)::timestamp at time zone 'UTC'
          limit most_rows + 1) as rows_of_today)) then
    missing := array_remove(missing, today);
  end if;
  -- A new outbox has no writers to wait for.
  if exists (select from ${schema}.outbox_partitions()) and missing && array[today, today + 1] then
    perform set_config('lock_timeout', '200ms', true);
    lock table only ${schema}.outbox in access exclusive mode;
    perform ${schema}.outbox_make_partition(missing[1]);
    return 1;
  end if;

  if has_today then
    past := array(
      select distinct (occurred_at at time zone 'UTC')::date from ${schema}.outbox_default
       where occurred_at >= (today - 31)::timestamp at time zone 'UTC' and occurred_at < past_until
         and to_regclass('${schema}.outbox_' || to_char(occurred_at at time zone 'UTC', 'YYYYMMDD')) is null
       order by 1);
  end if;
  if not has_today then
    perform set_config('lock_timeout', '200ms', true);
  end if;
  if is_small then
    missing := missing || past;
  elsif has_today and cardinality(missing) = 0 then
    missing := past[1:1];
  elsif not has_today then
    missing := missing[1:1];
  end if;
  foreach day in array missing loop
    perform ${schema}.outbox_make_partition(day);
  end loop;
  return cardinality(missing);
end
$$;
