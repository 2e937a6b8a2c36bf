-- Answer: one row, of version 0 where there never was such a product; and whether the server is in recovery, so that it may be behind.
select pg_is_in_recovery() as standby,
       coalesce(p.version, 0) as version,
       p.id is not null and p.deleted_at is null as live,
       case when p.id is not null and p.deleted_at is null then product_json(p) end as json
  from (select :id::text as id) wanted
  left join product p on p.id = wanted.id
