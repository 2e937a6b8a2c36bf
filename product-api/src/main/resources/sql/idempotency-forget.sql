-- Takes a bounded number of rows, the oldest first.
delete from idempotency_key
 where key in (select key
                 from idempotency_key
                where created_at < clock_timestamp() - make_interval(secs => :seconds)
                order by created_at
                limit 1000)
