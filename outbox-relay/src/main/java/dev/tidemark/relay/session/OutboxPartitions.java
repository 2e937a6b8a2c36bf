package dev.tidemark.relay.session;

import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.relay.status.RelayStatus.Streaming;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The outbox's daily partitions. The active relay has them created ahead of time, and removed when
/// they are past their retention and relayed. Functions of the database do the work
/// (`V11__outbox_partitions_step_by_step.sql`, `V6__outbox_retention.sql`).
///
/// Only a relay that streams does it: by then it has repaired what a lost slot may have left in the
/// table, which the database cannot see.
///
/// Confined to one thread.
final class OutboxPartitions {
  private static final Logger log = LoggerFactory.getLogger(OutboxPartitions.class);
  private static final int DAYS_AHEAD = 14;
  private static final Duration LONGEST_WAIT_OF_WRITERS = Duration.ofMillis(900);
  private static final Duration UNLIMITED = Duration.ZERO;

  /// SQLSTATE of a statement that took longer than its limit.
  private static final String CANCELLED = "57014";

  private static final Duration INTERVAL = Duration.ofHours(1);
  private static final Duration INTERVAL_AFTER_FAILURE = Duration.ofMinutes(5);

  private final Jdbi database;
  private final String slot;
  private final Optional<Duration> retention;
  private final RelayStatus status;
  private final LongSupplier nanoTime;
  private boolean wasTended;
  private long tendedAt;
  private Duration pause = Duration.ZERO;

  /// @param retention empty: nothing is ever removed
  /// @param nanoTime as [System#nanoTime]: not a clock, which can be set back
  OutboxPartitions(
      Jdbi database,
      String slot,
      Optional<Duration> retention,
      RelayStatus status,
      LongSupplier nanoTime) {
    this.database = database;
    this.slot = slot;
    this.retention = retention;
    this.status = status;
    this.nanoTime = nanoTime;
  }

  /// Does the work when it is due and this relay streams. To be called often.
  void tend() {
    if (!isDue() || !(status.phase() instanceof Streaming)) {
      return;
    }
    wasTended = true;
    tendedAt = nanoTime.getAsLong();
    pause = INTERVAL_AFTER_FAILURE;
    database.useHandle(
        handle -> {
          makeAhead(handle);
          retention.ifPresent(keep -> removeExpired(handle, keep));
        });
    pause = INTERVAL;
  }

  private boolean isDue() {
    return !wasTended || nanoTime.getAsLong() - tendedAt >= pause.toNanos();
  }

  /// Creates partitions ahead, step by step, so that no writer waits long (H47).
  private static void makeAhead(Handle handle) {
    int made;
    do {
      made = makeNext(handle);
    } while (made > 0);
  }

  private static int makeNext(Handle handle) {
    try {
      return makeNext(handle, LONGEST_WAIT_OF_WRITERS);
    } catch (JdbiException e) {
      if (isCancelled(e) && isQuiet(handle)) {
        return makeNext(handle, UNLIMITED);
      }
      throw e;
    }
  }

  /// @param limit PostgreSQL cancels the step after that
  private static int makeNext(Handle handle, Duration limit) {
    return handle.inTransaction(
        transaction -> {
          transaction.execute("set local statement_timeout = " + limit.toMillis());
          return transaction
              .createQuery("select outbox_partitions_ahead(:days)")
              .bind("days", DAYS_AHEAD)
              .mapTo(Integer.class)
              .one();
        });
  }

  private static boolean isCancelled(JdbiException e) {
    return e.getCause() instanceof SQLException fault && CANCELLED.equals(fault.getSQLState());
  }

  /// Returns whether nobody writes to the partitions that are still to be created, nor to the
  /// default partition.
  private static boolean isQuiet(Handle handle) {
    return handle
        .createQuery(
            """
            select count(*) = 2 from outbox_partitions()
             where name in ('outbox_' || to_char(clock_timestamp() at time zone 'UTC', 'YYYYMMDD'),
                            'outbox_' || to_char(clock_timestamp() at time zone 'UTC' + interval '1 day', 'YYYYMMDD'))
            """)
        .mapTo(Boolean.class)
        .one();
  }

  private void removeExpired(Handle handle, Duration keep) {
    for (var removed = removeNext(handle, keep);
        removed.isPresent();
        removed = removeNext(handle, keep)) {
      log.atInfo().addKeyValue("retention", keep).log("outbox partitions: {}", removed.get());
      status.removedFromOutbox(removed.get());
    }
  }

  private Optional<String> removeNext(Handle handle, Duration keep) {
    return handle
        .createQuery("select outbox_remove_expired(:slot, make_interval(secs => :keep))")
        .bind("slot", slot)
        .bind("keep", keep.toSeconds())
        .mapTo(String.class)
        .findOne();
  }
}
