select version, deleted_at is null as live,
       json_build_object('id', id, 'version', version, 'name', name, 'email', email) as json
  from customer
 where id = :id
