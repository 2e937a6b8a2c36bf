-- Notes what an import names. Answer: no row when the import is over for others, else how many ids are new.
with import as materialized (
  select id from replacing_import where id = :import for key share
),
named as (
  insert into replacing_import_id (import, id)
  select import.id, i.id from import, unnest(:ids::text[]) as i(id)
  on conflict do nothing
  returning id
)
select (select count(*) from named) as named from import
