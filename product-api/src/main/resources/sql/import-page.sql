-- The next live products in the order of their ids, for an import that replaces them: how many they are, the last of them, and
-- those that the import neither named nor found being written since it began. No row when the import is over for others.
--
-- Both tables are read in the same range of ids: the work is that of a page, however many ids there are.
with page as materialized (
  select p.id, p.updated_at
    from product p
   where p.id > :after and p.deleted_at is null
   order by p.id
   limit :limit
),
named as materialized (
  select i.id
    from replacing_import_id i
   where i.import = :import and i.id > :after and i.id <= (select max(id) from page)
)
select count(*) as products,
       max(p.id) as last,
       coalesce(array_agg(p.id) filter (where n.id is null and p.updated_at < (select began from replacing_import where id = :import)),
                '{}') as rest
  from page p
  left join named n on n.id = p.id
having exists (select from replacing_import where id = :import)
