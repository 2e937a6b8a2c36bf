with changed as (
  update customer set version = version + 1, email = 'ada@new.example' where id = 'ada' and deleted_at is null
  returning id, version, name, email
)
insert into outbox (aggregatetype, aggregateid, version, type, payload)
select 'customer', id, version, 'customer.updated',
       json_build_object('id', id, 'version', version, 'name', name, 'email', email)
  from changed
