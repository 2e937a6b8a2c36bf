-- Parameters: :after, :limit, :bytes. Answer: live products in the byte order of their ids, up to one beyond the page, which says
-- that there are more. The page ends before :bytes of JSON are exceeded; its first product is there whatever its size.
--
-- One product after the other, so that of large ones no more are read than are sent.
with recursive page(id, json, number, bytes) as (
  (select p.id, j.json, 1, octet_length(j.json)::bigint
     from product p
    cross join lateral (select product_json(p)::text as json) j
    where p.id collate "C" > :after and p.deleted_at is null
    order by p.id collate "C"
    limit 1)
  union all
  select next.id, next.json, page.number + 1, page.bytes + octet_length(next.json)
    from page
   cross join lateral (
     select p.id, product_json(p)::text as json
       from product p
      where p.id collate "C" > page.id and p.deleted_at is null
      order by p.id collate "C"
      limit 1) next
   where page.number <= :limit and (page.bytes <= :bytes or page.number = 1)
)
select pg_is_in_recovery() as standby, id, json
  from page
 order by number
