-- The roles, and what the migrating role needs to act as the owner. The roles belong to the whole server, not to one database, so
-- this runs at every migration and changes only what is missing. Run by an administrator (`migrate --print-sql`), it prepares a
-- database for a migrating role that may do none of this itself.
--
-- ${migrator}: the migrating role, ${schema}: the schema of the tables, both as SQL literals.
do $$
declare
  migrator constant text := ${migrator};
  schema   constant text := ${schema};
  -- Amazon RDS gives the right to replicate by membership; its administrators may not set the attribute.
  by_membership constant boolean := exists (select from pg_roles where rolname = 'rds_replication');
  may_act_as_owner boolean;
  wanted record;
begin
  for wanted in
    select * from (values
      ('tidemark_owner', 'nologin'),
      ('tidemark_api',   'login'),
      ('tidemark_relay', case when by_membership then 'login' else 'login replication' end),
      ('tidemark_audit', 'login')) as w(name, attributes)
  loop
    if not exists (select from pg_roles where rolname = wanted.name) then
      begin
        execute format('create role %I %s', wanted.name, wanted.attributes);
      exception when duplicate_object or unique_violation then
        null; -- another migration on this server was quicker
      end;
    end if;
  end loop;
  if by_membership and not pg_has_role('tidemark_relay', 'rds_replication', 'member') then
    grant rds_replication to tidemark_relay;
  end if;

  -- A role that may create roles is, from PostgreSQL 16 on, no more than an administrator of what it has created.
  if current_setting('server_version_num')::integer >= 160000 then
    may_act_as_owner := pg_has_role(migrator, 'tidemark_owner', 'set') and pg_has_role(migrator, 'tidemark_owner', 'usage');
    if not may_act_as_owner then
      execute format('grant tidemark_owner to %I with set true, inherit true', migrator);
    end if;
  elsif not pg_has_role(migrator, 'tidemark_owner', 'member') then
    execute format('grant tidemark_owner to %I', migrator);
  end if;

  -- The slot is made by the migrating role.
  if not (select rolsuper or rolreplication or (by_membership and pg_has_role(migrator, 'rds_replication', 'member'))
            from pg_roles where rolname = migrator) then
    if by_membership then
      execute format('grant rds_replication to %I', migrator);
    else
      execute format('alter role %I replication', migrator);
    end if;
  end if;

  if not has_database_privilege('tidemark_owner', current_database(), 'create') then
    execute format('grant create on database %I to tidemark_owner', current_database());
  end if;
  if to_regnamespace(quote_ident(schema)) is null then
    execute format('create schema %I authorization tidemark_owner', schema);
  end if;
  if not has_schema_privilege('tidemark_owner', schema, 'create') then
    execute format('grant create on schema %I to tidemark_owner', schema);
  end if;

  -- A search_path that is set for the database must not lead the services to other tables of the same name.
  for wanted in
    select name, format('search_path=%I', schema) as setting
      from (values ('tidemark_owner'), ('tidemark_api'), ('tidemark_relay'), ('tidemark_audit')) as w(name)
  loop
    if not exists (select from pg_db_role_setting
                    where setdatabase = (select oid from pg_database where datname = current_database())
                      and setrole = wanted.name::regrole and wanted.setting = any(setconfig)) then
      execute format('alter role %I in database %I set search_path = %I', wanted.name, current_database(), schema);
    end if;
    if not has_schema_privilege(wanted.name, schema, 'usage') then
      execute format('grant usage on schema %I to %I', schema, wanted.name);
    end if;
  end loop;
end
$$;
