-- A service of somebody else, with names that Tidemark uses, too.
create table product (number integer primary key);
create function uuid_v7() returns uuid return gen_random_uuid();
