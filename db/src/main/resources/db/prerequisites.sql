-- What keeps the current role from migrating the current database: one line each, none where nothing does.
-- Changes nothing. ${schema}: the schema of the tables, as an SQL literal.
with
  me as (
    select rolname, rolsuper, rolcreaterole,
           rolsuper or rolreplication
             or exists (select from pg_roles managed
                         where managed.rolname = 'rds_replication' and pg_has_role(managed.oid, 'member')) as may_replicate,
           exists (select from pg_roles where rolname = 'rds_replication') as by_membership
      from pg_roles where rolname = current_user),
  server as (select current_setting('server_version_num')::integer as version),
  absent as (
    select array_agg(name order by name) as roles
      from (values ('tidemark_owner'), ('tidemark_api'), ('tidemark_relay'), ('tidemark_audit')) as w(name)
     where not exists (select from pg_roles where rolname = name)),
  owner as (select oid from pg_roles where rolname = 'tidemark_owner')

select format('the encoding of database %I is %s, and Tidemark needs UTF8: create the database with encoding ''UTF8''',
              datname, pg_encoding_to_char(encoding)) as fault, false as by_administrator
  from pg_database where datname = current_database() and pg_encoding_to_char(encoding) <> 'UTF8'
union all
select format('TIDEMARK_DB_SCHEMA is "%s", a name that SQL writes in quotes: choose one of lower-case letters, digits and _ that is no key word',
              ${schema}), false
 where quote_ident(${schema}) <> ${schema}
union all
select format('role %I may not create roles, and %s are missing', rolname, array_to_string(roles, ', ')), true
  from me, absent where roles is not null and not (rolsuper or rolcreaterole)
union all
select format('role %I may not create tidemark_relay, a role that may replicate', rolname), true
  from me, absent, server
 where 'tidemark_relay' = any(roles) and (rolsuper or rolcreaterole) and not by_membership
   and not (rolsuper or version >= 160000 and may_replicate)
union all
select format('role %I may not act as tidemark_owner', rolname), true
  from me, server, owner
 where not rolsuper
   and not case when version >= 160000
             then pg_has_role(owner.oid, 'set') and pg_has_role(owner.oid, 'usage')
                  or pg_has_role(owner.oid, 'member with admin option')
             else pg_has_role(owner.oid, 'member') or rolcreaterole end
union all
select format('role %I may not replicate, which making the slot needs', rolname), true
  from me where not may_replicate
union all
select format('role %I may not grant tidemark_owner the right to create in database %I', rolname, current_database()), true
  from me left join owner on true
 where not has_database_privilege(current_database(), 'create with grant option')
   and not coalesce(has_database_privilege(owner.oid, current_database(), 'create'), false)
union all
select format('role %I may not grant tidemark_owner the right to create in schema %I', rolname, ${schema}), true
  from me left join owner on true
 where to_regnamespace(quote_ident(${schema})) is not null
   and not has_schema_privilege(${schema}, 'create with grant option')
   and not coalesce(has_schema_privilege(owner.oid, ${schema}, 'create'), false)
union all
-- Objects of somebody else under the names of those that the migrations make.
select format('schema %I has a %s %I that is not Tidemark''s: set TIDEMARK_DB_SCHEMA to another schema, which migrate makes',
              ${schema}, kind, name), false
  from (select case when relkind in ('r', 'p') then 'table' else 'relation' end as kind, relname as name, relowner as held_by, relnamespace as space
          from pg_class
         where relname in ('product', 'outbox', 'outbox_default', 'idempotency_key', 'product_state', 'product_tombstone')
        union all
        select 'function', proname, proowner, pronamespace
          from pg_proc
         where proname in ('product_json', 'uuid_v7', 'outbox_partitions', 'outbox_partitions_ahead')) as object
 where space = to_regnamespace(quote_ident(${schema}))
   and held_by is distinct from (select oid from owner)
union all
select 'the database has a publication tidemark_outbox that is not Tidemark''s: drop or rename it', false
  from pg_publication where pubname = 'tidemark_outbox' and pubowner is distinct from (select oid from owner)
