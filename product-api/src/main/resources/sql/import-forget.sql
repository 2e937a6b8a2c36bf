-- Takes a bounded number of ids whose import is over.
delete from replacing_import_id
 where ctid = any (array(select i.ctid
                           from replacing_import_id i
                          where not exists (select from replacing_import r where r.id = i.import)
                          limit 10000))
