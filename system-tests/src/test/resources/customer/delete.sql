with deleted as (
  update customer
     set version = version + 1, deleted_at = clock_timestamp()
   where id = :id and deleted_at is null
  returning id, version
),
published as (
  insert into outbox (aggregatetype, aggregateid, version, type, payload)
  select 'customer', id, version, 'customer.deleted', json_build_object('id', id, 'version', version, 'deleted', true)
    from deleted
)
select version from deleted
