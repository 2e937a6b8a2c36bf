package dev.tidemark.relay.status;

import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/// State of the outbox's daily partitions (UTC), as the server reports it at one moment.
///
/// @param at the moment, by the server's clock
/// @param partitions how many, the default partition not counted
/// @param begin the first instant of the oldest
/// @param end the first instant after the newest
/// @param defaultRows rows in the default partition, as the server's statistics estimate it
public record OutboxState(
    Instant at, int partitions, Optional<Instant> begin, Optional<Instant> end, long defaultRows) {

  private static final String QUERY =
      """
      select clock_timestamp()  as at,
             count(*)           as partitions,
             min(first_instant) as first_instant,
             max(last_instant)  as last_instant,
             pg_stat_get_live_tuples(to_regclass('outbox_default')) as default_rows
        from outbox_partitions()
      """;

  public static OutboxState read(Handle database) {
    return database
        .createQuery(QUERY)
        .map(
            (row, context) ->
                new OutboxState(
                    row.getTimestamp("at").toInstant(),
                    row.getInt("partitions"),
                    Optional.ofNullable(row.getTimestamp("first_instant"))
                        .map(Timestamp::toInstant),
                    Optional.ofNullable(row.getTimestamp("last_instant")).map(Timestamp::toInstant),
                    row.getLong("default_rows")))
        .one();
  }

  Optional<LocalDate> oldestDay() {
    return begin.map(OutboxState::day);
  }

  Optional<LocalDate> newestDay() {
    return end.map(instant -> day(instant.minusNanos(1)));
  }

  /// Returns the number of whole days after today that have a partition, if none in between is
  /// missing; negative when not even today has one.
  Optional<Long> daysAhead() {
    return newestDay().map(newest -> newest.toEpochDay() - day(at).toEpochDay());
  }

  /// Returns the age of the oldest day's beginning: nothing in a partition is older.
  Optional<Duration> age() {
    return begin.map(oldest -> Duration.between(oldest, at));
  }

  private static LocalDate day(Instant instant) {
    return LocalDate.ofInstant(instant, ZoneOffset.UTC);
  }
}
