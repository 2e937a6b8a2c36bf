-- A row is in memory whole, several times over, before anything in the relay can look at its size. So the table refuses what could
-- exhaust that memory, and the writer learns of it. Twice what a record takes: rows in between are dead letters. The lengths are
-- those that are stored with the values, which are not read for this.
--
-- Not valid: rows that are there already are not looked at.
alter table outbox add constraint outbox_row_size check (
  octet_length(payload::text) + octet_length(aggregateid) + octet_length(aggregatetype) + octet_length(type)
    + coalesce(octet_length(traceparent), 0) <= 8 * 1024 * 1024
) not valid;
