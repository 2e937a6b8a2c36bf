-- The roles belong to the whole server, not to one database, so this runs at every migration and changes only what is missing.
do $$
declare
  wanted record;
begin
  for wanted in
    select * from (values
      ('tidemark_owner', 'nologin noreplication'),
      ('tidemark_api',   'login noreplication'),
      ('tidemark_relay', 'login replication'),
      ('tidemark_audit', 'login noreplication')) as w(name, attributes)
  loop
    if not exists (select from pg_roles where rolname = wanted.name) then
      begin
        execute format('create role %I %s', wanted.name, wanted.attributes);
      exception when duplicate_object or unique_violation then
        null; -- another migration on this server was quicker
      end;
    end if;
  end loop;

  -- What follows needs to act as the owner.
  if not pg_has_role(current_user, 'tidemark_owner', 'member') then
    execute format('grant tidemark_owner to %I', current_user);
  end if;
  if not has_database_privilege('tidemark_owner', current_database(), 'create') then
    execute format('grant create on database %I to tidemark_owner', current_database());
  end if;
  if not has_schema_privilege('tidemark_owner', 'public', 'create') then
    grant usage, create on schema public to tidemark_owner;
  end if;
end
$$;
