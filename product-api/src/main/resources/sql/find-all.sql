select p.id, p.version, p.deleted_at is null as live, case when p.deleted_at is null then product_json(p) end as json
  from product p
 where p.id = any (:ids)
