-- The order of ids is that of their bytes, in pages of the API, in imports that replace, and in resync. The primary key has the
-- order of the database's locale, which is another in each database and may change when a library of the system does.
create index product_id_bytes on product (id collate "C");
