package dev.tidemark.relay.session;

import dev.tidemark.relay.source.StreamFailed;
import dev.tidemark.service.settings.Pooler;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Selects the active one of several relays: the one whose database session holds an advisory lock
/// named after the slot.
///
/// The leadership expires. The server ends the session when it has been silent for [#EXPIRY], and
/// with it the lock; a thread of the active relay uses the session continuously. So a relay that
/// was stopped, or cut off from the server, is no longer the active one, and nobody has to find out
/// its state.
///
/// The lock keeps a waiting relay from disturbing the active one. It does not prevent two relays
/// from publishing: the slot admits one reader, and Kafka fences the producer of the relay that was
/// active before. With delivery at least once there is no such fence, and [#requireHeld] is the
/// only check.
///
/// Confined to one thread, but for what says otherwise.
final class Leadership implements AutoCloseable {
  /// Time that a take-over waits for a relay that was stopped or cut off. A longer pause of its JVM
  /// costs a relay the leadership, though no event. Garbage collections of a relay's heap take a
  /// tenth of that.
  static final Duration EXPIRY = Duration.ofMillis(1_250);

  private static final Duration SIGN_OF_LIFE_INTERVAL = Duration.ofMillis(200);

  /// Longest wait for an answer. Together with the interval it is less than the expiry: a relay
  /// that is cut off knows it before another can be the active one.
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(1);

  private static final int VALID_TIMEOUT_SECONDS = 1;
  private static final Duration SLOT_POLL = Duration.ofMillis(20);
  private static final Duration SLOT_LIMIT = Duration.ofSeconds(5);
  private static final String MAY_NOT = "42501";

  private static final Logger log = LoggerFactory.getLogger(Leadership.class);

  private final DataSource database;
  private final String slot;
  private final CompletableFuture<Void> lost = new CompletableFuture<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile long heldUntil;
  private @Nullable Connection session;
  private @Nullable Thread keeper;

  Leadership(DataSource database, String slot) {
    this.database = database;
    this.slot = slot;
  }

  /// Takes the leadership where nobody holds it. From then on this relay is the active one, until
  /// [#close] or until the leadership is lost. Must not be called again then.
  ///
  /// @return whether it was taken
  boolean tryAcquire() {
    try {
      var current = connected();
      long asked = System.nanoTime();
      try (var statement =
          current.prepareStatement("select pg_try_advisory_lock(hashtextextended(?, 0))")) {
        statement.setString(1, "tidemark relay on slot " + slot);
        try (var answer = statement.executeQuery()) {
          boolean taken = answer.next() && answer.getBoolean(1);
          if (taken) {
            heldUntil = asked + EXPIRY.toNanos();
            keeper =
                Thread.ofPlatform()
                    .daemon()
                    .name("leadership")
                    .start(() -> giveSignsOfLife(current));
          }
          return taken;
        }
      }
    } catch (SQLException e) {
      throw Pooler.refusal(e)
          .map(reason -> new StreamFailed(reason, null))
          .orElseGet(
              () -> new StreamFailed("PostgreSQL did not answer who the active relay is", e));
    }
  }

  /// Runs the action once when the leadership is lost, on a thread of its own, or at once when it
  /// is lost already. The action does not run when the leadership is given up by [#close].
  void whenLost(Runnable action) {
    var _ = lost.thenRun(action);
  }

  /// Requires that this relay still has the leadership. Thread-safe.
  ///
  /// @throws StreamFailed when another relay may be the active one
  void requireHeld() {
    // The clock is checked first: after a stop of the whole process no thread has noticed anything
    // yet.
    if (lost.isDone() || System.nanoTime() - heldUntil >= 0) {
      throw new StreamFailed(
          "this relay is no longer the active one: PostgreSQL had no sign of life from it for %d ms, or ended its session"
              .formatted(EXPIRY.toMillis()),
          null);
    }
  }

  /// Ends the server's process that still reads the slot for a predecessor, and returns when the
  /// slot is free. Only the holder of the leadership may call it: the predecessor was stopped or
  /// cut off, and the server would wait for it for `wal_sender_timeout`, which is a minute by
  /// default.
  ///
  /// A process that makes the slot or looks at it by SQL, as `migrate` does, is let be.
  ///
  /// @throws StreamFailed when that process belongs to another role and must not be ended, or the
  ///   slot does not become free
  void freeSlot() {
    long begin = System.nanoTime();
    while (terminateSlotReader()) {
      if (System.nanoTime() - begin > SLOT_LIMIT.toNanos() || waited(SLOT_POLL)) {
        throw new StreamFailed(
            "replication slot %s is still in use by another process of the server; see active_pid in pg_replication_slots"
                .formatted(slot),
            null);
      }
    }
  }

  /// Asks the reader that a predecessor left to end. Repeated calls do no harm.
  ///
  /// @return whether the slot is in use
  private boolean terminateSlotReader() {
    // Runs in the session that holds the lock: if the lock is lost, so is the session.
    try (var statement =
        Objects.requireNonNull(session, "the leadership was not won")
            .prepareStatement(
                """
                select slot.active_pid,
                       case when process.backend_type is distinct from 'client backend' then pg_terminate_backend(slot.active_pid) end as is_told
                  from pg_replication_slots as slot left join pg_stat_activity as process on process.pid = slot.active_pid
                 where slot.slot_name = ? and slot.active_pid is not null
                """)) {
      statement.setString(1, slot);
      try (var reader = statement.executeQuery()) {
        boolean isRead = reader.next();
        if (isRead && reader.getBoolean("is_told")) {
          log.atInfo()
              .addKeyValue("slot", slot)
              .addKeyValue("pid", reader.getInt("active_pid"))
              .log("terminating the walsender that still reads the slot for the previous relay");
        }
        return isRead;
      }
    } catch (SQLException e) {
      throw new StreamFailed(
          MAY_NOT.equals(e.getSQLState())
              ? "replication slot %s is read by a program of another role, which this relay may not end: stop that program, or give this relay a slot of its own by TIDEMARK_RELAY_SLOT"
                  .formatted(slot)
              : "PostgreSQL did not answer who reads replication slot " + slot,
          e);
    }
  }

  private Connection connected() throws SQLException {
    if (session == null || !session.isValid(VALID_TIMEOUT_SECONDS)) {
      disconnect();
      session = database.getConnection();
      Pooler.refuseShared(session, database);
      session.setNetworkTimeout(Runnable::run, Math.toIntExact(ANSWER_LIMIT.toMillis()));
      try (var statement = session.createStatement()) {
        statement.execute("set idle_session_timeout = " + EXPIRY.toMillis());
      }
    }
    return session;
  }

  private void giveSignsOfLife(Connection current) {
    try (var statement = current.createStatement()) {
      while (!waited(SIGN_OF_LIFE_INTERVAL)) {
        long asked = System.nanoTime();
        statement.execute("select 1");
        heldUntil = asked + EXPIRY.toNanos();
      }
    } catch (SQLException | RuntimeException e) {
      if (!waited(Duration.ZERO)) {
        log.atDebug().setCause(e).log("leadership session ended");
        heldUntil = System.nanoTime();
        lost.complete(null);
      }
    }
  }

  /// Waits, and returns whether this was closed meanwhile.
  private boolean waited(Duration time) {
    try {
      return closed.await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /// Waits for an action of [#whenLost] that runs.
  @Override
  public void close() {
    closed.countDown();
    disconnect();
    if (keeper != null) {
      try {
        keeper.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void disconnect() {
    if (session != null) {
      try {
        session.close();
      } catch (SQLException e) {
        log.atDebug().setCause(e).log("leadership session did not close cleanly");
      }
      session = null;
    }
  }
}
