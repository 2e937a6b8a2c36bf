-- The next live products in the byte order of their ids, for an import that replaces them: how many they are, the last of them,
-- and those that the import neither named nor found being written since it began. No row when the import is over for others.
--
-- Each id of the page is looked up among those named: the work is that of a page, however many they are.
with page as materialized (
  select p.id, p.updated_at
    from product p
   where p.id collate "C" > :after and p.deleted_at is null
   order by p.id collate "C"
   limit :limit
)
select count(*) as products,
       max(p.id collate "C") as last,
       coalesce(array_agg(p.id) filter (where n.id is null and p.updated_at < (select began from replacing_import where id = :import)),
                '{}') as rest
  from page p
  left join lateral (
    select i.id from replacing_import_id i where i.import = :import and i.id = p.id
    offset 0) n on true
having exists (select from replacing_import where id = :import)
