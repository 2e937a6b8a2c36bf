create table customer (
  id         text not null primary key,
  version    bigint not null,
  name       text not null,
  email      text not null,
  deleted_at timestamptz
);
create role customer_service login;
grant select, insert, update on customer to customer_service;
grant insert on outbox to customer_service;
