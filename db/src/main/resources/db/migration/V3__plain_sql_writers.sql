-- Whoever changes a product by plain SQL (psql, a batch job) gets the version and the outbox row from these triggers, so that
-- no change stays unseen. A writer that writes both itself, in one statement or transaction, says so and pays for neither:
--   set_config('tidemark.outbox', 'written', true)      for the current transaction only

-- Before the row is written: the version, and what a plain statement means for a row that is never really gone.
create function product_before_plain_write() returns trigger
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    -- An id that was deleted before: the row comes back and its count goes on. The insert itself is then done (0 rows).
    update ${schema}.product p
       set name = new.name, description = new.description, price = new.price, currency = new.currency,
           attributes = new.attributes, deleted_at = new.deleted_at
     where p.id = new.id and p.deleted_at is not null;
    if found then
      return null;
    end if;
    new.version := 1;
    return new;
  end if;
  if new.id <> old.id then
    raise exception 'the id of product "%" cannot change', old.id
      using errcode = 'integrity_constraint_violation', hint = 'Delete the product and insert it under the new id.';
  end if;
  if (new.name, new.description, new.price, new.currency, new.attributes, new.deleted_at)
     is not distinct from (old.name, old.description, old.price, old.currency, old.attributes, old.deleted_at) then
    return null;
  end if;
  new.version := old.version + 1;
  new.updated_at := clock_timestamp();
  return new;
end
$$;

-- After the row is written, and not before: an INSERT ... ON CONFLICT DO UPDATE passes the insert trigger and then updates.
create function product_after_plain_write() returns trigger
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
as $$
declare
  type text;
begin
  type := case
    when new.deleted_at is not null then 'product.deleted'
    when tg_op = 'INSERT' then 'product.created'
    when old.deleted_at is not null then 'product.created'
    else 'product.updated'
  end;
  insert into ${schema}.outbox (id, aggregatetype, aggregateid, version, type, payload)
  values (${schema}.uuid_v7(), 'product', new.id, new.version, type, ${schema}.product_json(new));
  return null;
end
$$;

create function product_delete_is_soft() returns trigger
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
as $$
begin
  -- Not "written": this update must get its version and outbox row whoever the writer is.
  perform set_config('tidemark.outbox', '', true);
  update ${schema}.product set deleted_at = clock_timestamp() where id = old.id and deleted_at is null;
  return null;
end
$$;

create function product_refuse_truncate() returns trigger
  language plpgsql
  set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception 'product is not truncated: versions must go on, and every change needs its event'
    using errcode = 'feature_not_supported', hint = 'Use DELETE FROM product.';
end
$$;

create trigger product_before_insert_or_update before insert or update on product
  for each row when (current_setting('tidemark.outbox', true) is distinct from 'written')
  execute function product_before_plain_write();

create trigger product_after_insert_or_update after insert or update on product
  for each row when (current_setting('tidemark.outbox', true) is distinct from 'written')
  execute function product_after_plain_write();

create trigger product_before_delete before delete on product
  for each row execute function product_delete_is_soft();

create trigger product_before_truncate before truncate on product
  for each statement execute function product_refuse_truncate();

revoke execute on function product_before_plain_write(), product_after_plain_write(), product_delete_is_soft(),
  product_refuse_truncate() from public;
