-- UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then random bits. PostgreSQL 17 has no uuidv7() of its own.
create function uuid_v7() returns uuid
  language sql volatile parallel safe
return encode(
  set_bit(set_bit(
    overlay(uuid_send(gen_random_uuid())
            placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
            from 1 for 6),
    52, 1), 53, 1), 'hex')::uuid;

-- One row per committed change of an aggregate, written with it. The relay reads it from the write-ahead log; the rows stay for
-- the retention time. Column names are those of the Debezium outbox event router.
create table outbox (
  id            uuid        not null default uuid_v7(),
  aggregatetype text        not null,
  aggregateid   text        not null,
  version       bigint      not null,
  type          text        not null,
  payload       json        not null,
  traceparent   text,
  occurred_at   timestamptz not null default clock_timestamp(),
  primary key (id, occurred_at)
) partition by range (occurred_at);

-- The net: a write never fails because nobody made the day's partition in time.
create table outbox_default partition of outbox default;

-- Makes the missing daily partitions (UTC) from today to `days` days ahead, and for days of the last month that have rows in the
-- default partition, whose rows then move. Answers how many it made. Safe to repeat and to run twice at once.
--
-- A new table is filled first and attached then: attaching does not hold up writers of other partitions, and rows that move are
-- not published again, because the table is no part of the outbox yet. The default partition is locked meanwhile; whoever has it
-- open for long makes this function fail after two seconds, to be called again later.
create function outbox_partitions_ahead(days integer) returns integer
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
  set lock_timeout = '2s'
as $$
declare
  today date := (clock_timestamp() at time zone 'UTC')::date;
  day date;
  name text;
  first_instant timestamptz;
  last_instant timestamptz;
  made integer := 0;
begin
  if days is null or days not between 0 and 366 then
    raise exception 'days must be between 0 and 366, not %', days using errcode = 'invalid_parameter_value';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('tidemark outbox partitions', 0));
  for day in
    select today + n from generate_series(0, days) n
    union
    select (occurred_at at time zone 'UTC')::date from ${schema}.outbox_default
     where occurred_at >= (today - 31)::timestamp at time zone 'UTC'
       and occurred_at < (today + days + 1)::timestamp at time zone 'UTC'
    order by 1
  loop
    name := 'outbox_' || to_char(day, 'YYYYMMDD');
    continue when to_regclass(format('${schema}.%I', name)) is not null;
    first_instant := day::timestamp at time zone 'UTC';
    last_instant := (day + 1)::timestamp at time zone 'UTC';
    execute format('create table ${schema}.%I (like ${schema}.outbox including all)', name);
    lock table ${schema}.outbox_default in access exclusive mode;
    execute format('with moved as (delete from ${schema}.outbox_default where occurred_at >= %L and occurred_at < %L returning *) '
                   'insert into ${schema}.%I select * from moved', first_instant, last_instant, name);
    execute format('alter table ${schema}.outbox attach partition ${schema}.%I for values from (%L) to (%L)',
                   name, first_instant, last_instant);
    made := made + 1;
  end loop;
  return made;
end
$$;
revoke execute on function outbox_partitions_ahead(integer) from public;
