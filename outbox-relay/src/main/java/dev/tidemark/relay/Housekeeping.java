package dev.tidemark.relay;

import dev.tidemark.relay.RelayStatus.Streaming;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the active relay does beside the stream: sends heartbeats through the log, looks after the
/// slot, and has the outbox's partitions made ahead of time.
///
/// A heartbeat is a message in the write-ahead log itself. It moves the slot's position on when the
/// outbox is quiet and the rest of the database is not (H32), and when it comes back, the stream is
/// known to flow.
///
/// One thread of its own.
final class Housekeeping implements AutoCloseable {
  static final String HEARTBEAT_PREFIX = "tidemark-relay-heartbeat";

  private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);
  private static final Duration HEARTBEAT_INTERVAL = Duration.ofSeconds(2);
  private static final Duration PARTITIONS_INTERVAL = Duration.ofHours(1);
  private static final int PARTITION_DAYS_AHEAD = 14;

  private final Jdbi database;
  private final String slot;
  private final RelayStatus status;
  private final Clock clock;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("housekeeping").factory());

  Housekeeping(Jdbi database, String slot, RelayStatus status, Clock clock) {
    this.database = database;
    this.slot = slot;
    this.status = status;
    this.clock = clock;
  }

  void start() {
    every(HEARTBEAT_INTERVAL, "heartbeat", this::heartbeat);
    every(PARTITIONS_INTERVAL, "outbox partitions", this::makePartitions);
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }

  private void heartbeat() {
    if (!(status.phase() instanceof Streaming)) {
      return;
    }
    database.useHandle(
        handle -> {
          status.slot(SlotState.read(handle, slot));
          var now = clock.instant();
          status.heartbeatSent(now);
          handle
              .createQuery("select pg_logical_emit_message(false, :prefix, :sent)::text")
              .bind("prefix", HEARTBEAT_PREFIX)
              .bind("sent", now.toString())
              .mapTo(String.class)
              .one();
        });
  }

  private void makePartitions() {
    if (status.phase() instanceof Streaming) {
      database.useHandle(
          handle ->
              handle
                  .createQuery("select outbox_partitions_ahead(:days)")
                  .bind("days", PARTITION_DAYS_AHEAD)
                  .mapTo(Integer.class)
                  .one());
    }
  }

  private void every(Duration interval, String what, Runnable task) {
    var _ =
        thread.scheduleWithFixedDelay(
            () -> {
              try {
                task.run();
              } catch (JdbiException | StreamFailed e) {
                log.atWarn()
                    .addKeyValue("task", what)
                    .addKeyValue("reason", e.getMessage())
                    .log("housekeeping failed, will try again");
              }
            },
            0,
            interval.toMillis(),
            TimeUnit.MILLISECONDS);
  }
}
