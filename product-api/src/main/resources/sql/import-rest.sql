select p.id
  from product p
 where p.id > :after and p.deleted_at is null and p.updated_at < :since
   and not exists (select from pg_temp.import_id i where i.id = p.id)
 order by p.id
 limit :limit
