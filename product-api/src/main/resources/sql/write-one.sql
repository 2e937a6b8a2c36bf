-- Input of write.sql: one product. With arrays, PostgreSQL would plan the statement anew each time: it takes an array of unknown length for
-- many products, for which the plan is dear.
select :id::text as id, :name::text as name, :description::text as description, :price::numeric as price, :currency::char(3) as currency,
       :attributes::jsonb as attributes
