package dev.tidemark.relay.session;

import dev.tidemark.relay.source.Change;
import dev.tidemark.relay.source.StreamFailed;
import dev.tidemark.relay.status.RelayStatus;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Waits until readers see the changes that are to be published (H44). If an entry is evicted by an
/// event that readers do not see yet, the next reader stores the older state.
///
/// It uses one connection to the primary, opened when it is first needed.
///
/// Confined to one thread, but for [#lookAhead] and [#close].
final class PostgresVisibility implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PostgresVisibility.class);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(1);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(100);

  /// Time before a wait is reported. A process that was to get the processor again soon has it by
  /// then.
  private static final Duration UNTOLD = Duration.ofSeconds(1);

  /// Time for which a transaction that was seen is trusted without another look. Only the lower
  /// half of an id is known, and half of their range is not used up meanwhile.
  private static final Duration REMEMBERED = Duration.ofSeconds(30);

  private final DataSource database;
  private final RelayStatus status;
  private final AtomicReference<@Nullable Connection> connection = new AtomicReference<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicBoolean looksAhead = new AtomicBoolean();

  /// Guarded by this.
  private @Nullable PreparedStatement look;

  private volatile @Nullable Seen seen;

  /// @param at time before the look, of [System#nanoTime]
  private record Seen(VisibleTransactions transactions, long at) {
    boolean includes(Function<VisibleTransactions, OptionalLong> firstUnseen) {
      return System.nanoTime() - at < REMEMBERED.toNanos()
          && firstUnseen.apply(transactions).isEmpty();
    }
  }

  /// @param database ends by itself a connection that does not answer
  /// @param status receives what is waited for
  PostgresVisibility(DataSource database, RelayStatus status) {
    this.database = database;
    this.status = status;
  }

  /// Begins to look, and returns at once. To be called when a change has come that is to be awaited
  /// soon: the answer is then there. Thread-safe.
  void lookAhead() {
    if (looksAhead.compareAndSet(false, true)) {
      Thread.ofVirtual()
          .name("look-ahead")
          .start(
              () -> {
                try {
                  var _ = look();
                } catch (StreamFailed e) {
                  log.atDebug().setCause(e).log("look-ahead failed");
                } finally {
                  looksAhead.set(false);
                }
              });
    }
  }

  /// Returns when readers see the transactions of all these changes.
  ///
  /// @throws StreamFailed when this is closed meanwhile, or PostgreSQL does not answer
  void await(List<Change> changes) {
    await(visible -> firstUnseen(changes, visible));
  }

  /// Returns when readers see everything that an exported snapshot shows: it is made from the log,
  /// and is as far ahead of readers as the log is.
  ///
  /// @throws StreamFailed when this is closed meanwhile, or PostgreSQL does not answer
  void await(VisibleTransactions exported) {
    await(exported::firstNotIn);
  }

  private static OptionalLong firstUnseen(List<Change> changes, VisibleTransactions visible) {
    long last = Change.NO_TRANSACTION;
    for (var change : changes) {
      if (change.transactionId() != last) {
        last = change.transactionId();
        if (last != Change.NO_TRANSACTION && !visible.include(visible.whole(last))) {
          return OptionalLong.of(visible.whole(last));
        }
      }
    }
    return OptionalLong.empty();
  }

  private void await(Function<VisibleTransactions, OptionalLong> firstUnseen) {
    if (isSeen(firstUnseen)) {
      return;
    }
    OptionalLong unseen;
    synchronized (this) {
      // A look-ahead that was under way has ended.
      unseen = isSeen(firstUnseen) ? OptionalLong.empty() : firstUnseen.apply(look());
    }
    if (unseen.isPresent()) {
      try {
        await(unseen.getAsLong(), firstUnseen);
      } finally {
        status.waitsForNothing();
      }
    }
  }

  private boolean isSeen(Function<VisibleTransactions, OptionalLong> firstUnseen) {
    var last = seen;
    return last != null && last.includes(firstUnseen);
  }

  private void await(long first, Function<VisibleTransactions, OptionalLong> firstUnseen) {
    long begin = System.nanoTime();
    boolean isTold = false;
    var pause = FIRST_PAUSE;
    for (var unseen = OptionalLong.of(first);
        unseen.isPresent();
        unseen = firstUnseen.apply(look())) {
      status.waitsFor(unseen.getAsLong());
      if (!isTold && System.nanoTime() - begin > UNTOLD.toNanos()) {
        isTold = true;
        log.atWarn()
            .addKeyValue("transaction", unseen.getAsLong())
            .log("publishing is paused: {}", RelayStatus.Waiting.REASON);
      }
      if (closedWithin(pause)) {
        throw stopped();
      }
      pause =
          pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
              ? pause.multipliedBy(2)
              : LONGEST_PAUSE;
    }
    if (isTold) {
      log.atInfo()
          .addKeyValue("seconds", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin))
          .log("transaction is visible; publishing resumed");
    }
  }

  private synchronized VisibleTransactions look() {
    long asked = System.nanoTime();
    try (var answer = statement().executeQuery()) {
      answer.next();
      var visible = VisibleTransactions.parse(answer.getString(1));
      seen = new Seen(visible, asked);
      return visible;
    } catch (SQLException e) {
      throw closedWithin(Duration.ZERO)
          ? stopped()
          : new StreamFailed("PostgreSQL did not answer which transactions readers see", e);
    }
  }

  private PreparedStatement statement() throws SQLException {
    if (look == null) {
      var opened = database.getConnection();
      connection.set(opened);
      if (closedWithin(Duration.ZERO)) {
        close();
      }
      look = opened.prepareStatement("select pg_current_snapshot()::text");
    }
    return look;
  }

  private static StreamFailed stopped() {
    return new StreamFailed("stopped; what readers do not see yet is published later", null);
  }

  private boolean closedWithin(Duration time) {
    try {
      return closed.await(time.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /// Ends a wait in progress, which then throws. Thread-safe; may be called more than once.
  @Override
  public void close() {
    closed.countDown();
    var open = connection.getAndSet(null);
    if (open != null) {
      try {
        open.abort(Runnable::run);
      } catch (SQLException e) {
        log.atDebug().setCause(e).log("visibility connection did not close cleanly");
      }
    }
  }
}
