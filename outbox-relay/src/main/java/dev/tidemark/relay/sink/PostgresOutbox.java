package dev.tidemark.relay.sink;

import dev.tidemark.relay.sink.VersionMemory.Gap;
import dev.tidemark.relay.source.OutboxRow;
import dev.tidemark.relay.source.StreamFailed;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/// The table `outbox`, the source of rows that the log does not bring. Thread-safe.
public final class PostgresOutbox {
  /// Allowance for times: a row is written a little before its transaction commits, and clocks can
  /// be set.
  private static final Duration MARGIN = Duration.ofHours(1);

  public static final String COLUMNS =
      "o.id, o.aggregatetype, o.aggregateid, o.version, o.type, o.payload::text as payload,"
          + " o.traceparent, o.occurred_at";

  private final Jdbi database;

  public PostgresOutbox(DataSource database) {
    this.database = Jdbi.create(database);
  }

  /// Returns the rows of these gaps that exist, by aggregate and version.
  ///
  /// @param most how many are read at most
  List<OutboxRow> rowsOf(List<Gap> gaps, int most) {
    var since = gaps.stream().map(Gap::since).min(Instant::compareTo).orElseThrow().minus(MARGIN);
    var until = gaps.stream().map(Gap::until).max(Instant::compareTo).orElseThrow().plus(MARGIN);
    try {
      return database.withHandle(
          handle ->
              handle
                  .createQuery(
                      """
                      select distinct on (o.aggregatetype, o.aggregateid, o.version) %s
                        from outbox o
                             join unnest(:types, :ids, :after, :before) as gap (type, id, after, before)
                               on o.aggregatetype = gap.type and o.aggregateid = gap.id
                              and o.version > gap.after and o.version < gap.before
                       where o.occurred_at between :since and :until
                       order by o.aggregatetype, o.aggregateid, o.version, o.occurred_at desc
                       limit :most
                      """
                          .formatted(COLUMNS))
                  .bindArray("types", String.class, gaps.stream().map(Gap::aggregateType).toList())
                  .bindArray("ids", String.class, gaps.stream().map(Gap::aggregateId).toList())
                  .bindArray("after", Long.class, gaps.stream().map(Gap::after).toList())
                  .bindArray("before", Long.class, gaps.stream().map(Gap::before).toList())
                  .bind("since", since.atOffset(ZoneOffset.UTC))
                  .bind("until", until.atOffset(ZoneOffset.UTC))
                  .bind("most", most)
                  .map((row, context) -> row(row))
                  .list());
    } catch (JdbiException e) {
      throw new StreamFailed("rows that the log did not bring cannot be read from the outbox", e);
    }
  }

  public boolean isEmpty() {
    try {
      return database.withHandle(
          handle ->
              handle
                  .createQuery("select not exists (select from outbox)")
                  .mapTo(Boolean.class)
                  .one());
    } catch (JdbiException e) {
      throw new StreamFailed("whether the outbox has rows cannot be told", e);
    }
  }

  public static OutboxRow row(ResultSet row) throws SQLException {
    return new OutboxRow(
        row.getObject("id", UUID.class),
        row.getString("aggregatetype"),
        row.getString("aggregateid"),
        row.getLong("version"),
        row.getString("type"),
        row.getString("payload"),
        Optional.ofNullable(row.getString("traceparent")),
        row.getObject("occurred_at", OffsetDateTime.class).toInstant());
  }
}
