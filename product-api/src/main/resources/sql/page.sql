select pg_is_in_recovery() as standby, p.id, product_json(p) as json
  from product p
 where p.id > :after and p.deleted_at is null
 order by p.id
 limit :limit
