-- Parameters: :after, :limit, :bytes. Answer: live products in the byte order of their ids, up to one beyond the page, which says
-- that there are more. The page ends before :bytes of JSON are exceeded; its first product is there whatever its size.
--
-- One product after the other, so that of large ones no more are read than are sent. The next row is found first, and rendered
-- then: where PostgreSQL sorts (a small table, or one that was not analyzed yet), it would otherwise render all that come after,
-- each time. And `offset 0` keeps it from rendering the same row once for each mention of its JSON.
with recursive page(id, json, number, bytes) as (
  (select p.id, j.json, 1, octet_length(j.json)::bigint
     from (select ctid
             from product
            where id collate "C" > :after and deleted_at is null
            order by id collate "C"
            limit 1) first
     join product p on p.ctid = first.ctid
    cross join lateral (select product_json(p)::text as json offset 0) j)
  union all
  select p.id, j.json, page.number + 1, page.bytes + octet_length(j.json)
    from page
   cross join lateral (
     select ctid
       from product
      where id collate "C" > page.id and deleted_at is null
      order by id collate "C"
      limit 1) next
    join product p on p.ctid = next.ctid
   cross join lateral (select product_json(p)::text as json offset 0) j
   where page.number <= :limit and (page.bytes <= :bytes or page.number = 1)
)
select pg_is_in_recovery() as standby, id, json
  from page
 order by number
