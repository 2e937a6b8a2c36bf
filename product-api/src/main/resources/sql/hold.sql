-- As find.sql, and keeps other writers away from the product until the transaction ends.
select pg_is_in_recovery() as standby, p.version, p.deleted_at is null as live, case when p.deleted_at is null then product_json(p) end as json
  from product p
 where p.id = :id
   for no key update
