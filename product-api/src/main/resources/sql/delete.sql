-- Deletes a product (softly: its row and version stay) and appends its outbox row, in this one statement.
--
-- Parameters: :id; :condition and :versions as in write.sql. Answer: no row when there is no live product, else whether the
-- condition was met, and the version now.
with marked as materialized (
  select set_config('tidemark.outbox', 'written', true) as marker
),
held as materialized (
  select p.version,
         case :condition
           when 'any' then true
           when 'absent' then false
           when 'present' then true
           when 'other' then not p.version = any (:versions::bigint[])
           else p.version = any (:versions::bigint[])
         end as met
    from product p
   where p.id = :id and p.deleted_at is null
  for no key update
),
deleted as (
  update product p
     set version = p.version + 1, updated_at = clock_timestamp(), deleted_at = clock_timestamp()
    from held h
   where p.id = :id and h.met and (select marker from marked) = 'written'
  returning p.id, p.version, p as product
),
published as (
  insert into outbox (aggregatetype, aggregateid, version, type, payload, traceparent)
  select 'product', d.id, d.version, 'product.deleted', product_json(d.product), :traceparent
    from deleted d
)
select h.met, coalesce(d.version, h.version) as version
  from held h
  left join deleted d on true
