-- Creates or replaces products and appends their outbox rows, all in this one statement.
--
-- <input> is write-one.sql or write-many.sql, with the parameters that are named there; :condition, which a row must meet or is refused:
--   any      none
--   absent   there is no live product
--   present  there is one
--   version  there is one, at one of :versions
--   other    there is none at one of :versions
-- Answer, one row per id: outcome (created, updated, unchanged, refused, raced), the version now, and for the first three, where :answer
-- is true, the product's JSON. "Raced": somebody inserted the id after this statement's snapshot; nothing was done, do it
-- again. A product that already is as wanted is "unchanged" and not even locked.
--
-- Invariants: the version is the one under the row's lock plus one; a product row is written if and only if its outbox row is.
with marked as materialized (
  -- This writer needs no trigger (see db, plain SQL writers).
  select set_config('tidemark.outbox', 'written', true) as marker
),
input as materialized (
  <input>
),
seen as materialized (
  select i.*, s.version as seen_version, coalesce(s.same, false) as seen_same, s.product as seen_product
    from input i
    left join lateral (
      select p.version, p as product,
             p.deleted_at is null
               and (p.name, p.description, p.price, p.currency, p.attributes)
                 = (i.name, i.description, i.price, i.currency, i.attributes) as same
        from product p
       where p.id = i.id
      offset 0) s on true
),
held as materialized (
  select s.*,
         case when s.seen_same then s.seen_version else h.version end as version,
         s.seen_same or coalesce(h.live, false) as live,
         s.seen_same or coalesce(h.same, false) as same,
         case when s.seen_same then s.seen_product else h.product end as product
    from seen s
    left join lateral (
      select p.version, p as product, p.deleted_at is null as live,
             p.deleted_at is null
               and (p.name, p.description, p.price, p.currency, p.attributes)
                 = (s.name, s.description, s.price, s.currency, s.attributes) as same
        from product p
       where p.id = s.id and not s.seen_same
      for no key update) h on true
),
decided as materialized (
  select h.*,
         case
           when not case :condition
                      when 'any' then true
                      when 'absent' then not h.live
                      when 'present' then h.live
                      when 'other' then not (h.live and h.version = any (:versions::bigint[]))
                      else h.live and h.version = any (:versions::bigint[])
                    end then 'refused'
           when h.same then 'unchanged'
           else 'write'
         end as decision
    from held h
),
written as (
  insert into product as p (id, version, name, description, price, currency, attributes, updated_at, deleted_at)
  select d.id, coalesce(d.version, 0) + 1, d.name, d.description, d.price, d.currency, d.attributes, clock_timestamp(), null
    from decided d
   where d.decision = 'write' and (select marker from marked) = 'written'
  on conflict (id) do update
     set version = excluded.version, name = excluded.name, description = excluded.description, price = excluded.price,
         currency = excluded.currency, attributes = excluded.attributes, updated_at = excluded.updated_at, deleted_at = null
   where p.version = excluded.version - 1
  returning p.id, p.version, p as product
),
result as materialized (
  select d.id, d.decision, d.live, w.id is not null as done,
         coalesce(w.version, d.version) as version,
         case
           when w.id is not null then product_json(w.product)
           when :answer and d.decision = 'unchanged' then product_json(d.product)
         end as json
    from decided d
    left join written w on w.id = d.id
),
published as (
  insert into outbox (aggregatetype, aggregateid, version, type, payload, traceparent)
  select 'product', r.id, r.version, case when r.live then 'product.updated' else 'product.created' end, r.json, :traceparent
    from result r
   where r.done
)
select r.id,
       case
         when r.decision <> 'write' then r.decision
         when not r.done then 'raced'
         when r.live then 'updated'
         else 'created'
       end as outcome,
       coalesce(r.version, 0) as version,
       case when :answer then r.json end as json
  from result r
