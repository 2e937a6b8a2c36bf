-- The versions of products that nobody is changing at this moment. A product that a transaction under way has changed is left
-- out, also when that transaction is in the log already and only not visible yet: a row lock waits for its very end, a plain read
-- does not. Locks last as long as the statement, and nobody is waited for.
--
-- A function, so that its caller needs no right to lock or change products.
create function products_settled(ids text[]) returns table (id text, version bigint)
  language sql volatile security definer
  set search_path = pg_catalog, pg_temp
as $$
  select p.id, p.version from ${schema}.product p where p.id = any(ids) for share skip locked
$$;
revoke execute on function products_settled(text[]) from public;

-- `resync` runs as the relay: it reads what the outbox's payloads hold anyway.
grant select on product to tidemark_relay;
grant execute on function products_settled(text[]) to tidemark_relay;
