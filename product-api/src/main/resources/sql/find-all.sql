-- Answer: one row for each of the ids, as find.sql.
select wanted.id,
       pg_is_in_recovery() as standby,
       coalesce(p.version, 0) as version,
       p.id is not null and p.deleted_at is null as live,
       case when p.id is not null and p.deleted_at is null then product_json(p) end as json
  from unnest(:ids::text[]) as wanted(id)
  left join product p on p.id = wanted.id
