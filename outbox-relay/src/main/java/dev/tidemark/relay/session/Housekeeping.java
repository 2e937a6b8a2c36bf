package dev.tidemark.relay.session;

import dev.tidemark.relay.checks.Check;
import dev.tidemark.relay.source.ChangeSource;
import dev.tidemark.relay.status.OutboxState;
import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.relay.status.RelayStatus.Streaming;
import dev.tidemark.relay.status.SlotState;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tasks of a relay beside the stream. It looks at the slot and checks the servers. In the active
/// relay it also sends heartbeats through the log and maintains the outbox's partitions.
///
/// A heartbeat is a message in the write-ahead log itself. It advances the slot's position when the
/// outbox is quiet and the rest of the database is not (H32). When it comes back, the stream is
/// known to work.
///
/// Each task has a thread of its own, so a server that does not answer its check delays no
/// heartbeat.
public final class Housekeeping implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Housekeeping.class);
  private static final int OWN_TASKS = 4;

  /// Pauses between the end of a task and its next begin.
  ///
  /// @param heartbeat also of the look at the slot
  /// @param outbox of the look at the outbox, and of the care for its partitions
  record Pauses(Duration heartbeat, Duration check, Duration outbox) {
    static final Pauses DEFAULT =
        new Pauses(Duration.ofSeconds(2), Duration.ofSeconds(10), Duration.ofSeconds(5));
  }

  private final Jdbi database;
  private final String slot;
  private final RelayStatus status;
  private final List<Check> checks;
  private final Pauses pauses;
  private final OutboxPartitions partitions;
  private final ScheduledExecutorService threads;

  /// @param retention how long relayed outbox rows are kept; empty: for ever
  public Housekeeping(
      Jdbi database,
      String slot,
      Optional<Duration> retention,
      List<Check> checks,
      RelayStatus status) {
    this(database, slot, retention, checks, status, Pauses.DEFAULT);
  }

  Housekeeping(
      Jdbi database,
      String slot,
      Optional<Duration> retention,
      List<Check> checks,
      RelayStatus status,
      Pauses pauses) {
    this.pauses = pauses;
    this.database = database;
    this.slot = slot;
    this.partitions = new OutboxPartitions(database, slot, retention, status, System::nanoTime);
    this.status = status;
    this.checks = List.copyOf(checks);
    this.threads =
        Executors.newScheduledThreadPool(
            OWN_TASKS + checks.size(),
            Thread.ofPlatform().daemon().name("housekeeping-", 0).factory());
  }

  public void start() {
    every(pauses.heartbeat(), "slot state", this::readSlot);
    every(pauses.heartbeat(), "heartbeat", this::heartbeat);
    for (var check : checks) {
      every(
          pauses.check(),
          "check of " + check.server(),
          () -> status.findings().found(check.server(), check.findings()));
    }
    every(pauses.outbox(), "outbox state", this::readOutbox);
    every(pauses.outbox(), "outbox partitions", partitions::tend);
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }

  private void readSlot() {
    status.slot(database.withHandle(handle -> SlotState.read(handle, slot)));
  }

  private void readOutbox() {
    status.outbox(database.withHandle(OutboxState::read));
  }

  private void heartbeat() {
    if (!(status.phase() instanceof Streaming)) {
      return;
    }
    // Noted before the database is asked: a database that does not answer is a stall, too.
    var heartbeat = status.lag().heartbeat();
    database.useHandle(
        handle ->
            handle
                .createQuery("select pg_logical_emit_message(false, :prefix, :sent)::text")
                .bind("prefix", ChangeSource.HEARTBEAT_PREFIX)
                .bind("sent", heartbeat)
                .mapTo(String.class)
                .one());
  }

  /// Returns the first line of the message. The statement, which may follow, is not the reason.
  private static String firstLine(RuntimeException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  private void every(Duration interval, String what, Runnable task) {
    var failing = new AtomicBoolean();
    var _ =
        threads.scheduleWithFixedDelay(
            () -> {
              try {
                task.run();
                if (failing.getAndSet(false)) {
                  log.atInfo().addKeyValue("task", what).log("housekeeping recovered");
                }
              } catch (Error e) {
                log.atError()
                    .addKeyValue("task", what)
                    .setCause(e)
                    .log("housekeeping failed unexpectedly; retrying");
              } catch (RuntimeException e) {
                // The scheduler would silently drop the task.
                if (!failing.getAndSet(true)) {
                  log.atWarn()
                      .addKeyValue("task", what)
                      .addKeyValue("reason", firstLine(e))
                      .log("housekeeping failed; retrying");
                }
              }
            },
            0,
            interval.toMillis(),
            TimeUnit.MILLISECONDS);
  }
}
