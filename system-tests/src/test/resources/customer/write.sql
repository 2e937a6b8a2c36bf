with written as (
  insert into customer as c (id, version, name, email)
  values (:id, 1, :name, :email)
  on conflict (id) do update
     set version = c.version + 1, name = excluded.name, email = excluded.email, deleted_at = null
  returning id, version, name, email
),
published as (
  insert into outbox (aggregatetype, aggregateid, version, type, payload)
  select 'customer', id, version, case version when 1 then 'customer.created' else 'customer.updated' end,
         json_build_object('id', id, 'version', version, 'name', name, 'email', email)
    from written
)
select version from written
