package dev.tidemark.relay.resync;

import dev.failsafe.Failsafe;
import dev.failsafe.RateLimiter;
import dev.failsafe.RetryPolicy;
import dev.tidemark.event.OutboxEvent;
import dev.tidemark.relay.resync.PostgresProducts.AnotherRuns;
import dev.tidemark.relay.source.OutboxRow;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;

/// Sends the state of every product of a range to the topic again, page by page, while others write
/// and the relay publishes.
///
/// A page is appended to the topic inside a Kafka transaction, and *then* PostgreSQL is asked
/// whether each product still has the version that was sent, with nobody changing it. Only then is
/// the transaction committed. So everything newer than a state of this run lies behind it in the
/// topic, and the last record of a key is its newest.
///
/// A product that has moved on is left out: its newer version comes by its own event.
///
/// [#run] is confined to one thread; all else is thread-safe.
final class ResyncRun {
  static final int LARGEST_PAGE = 500;

  private static final int PAGES_PER_SECOND = 4;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(20);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);
  private static final Duration FIRST_RETRY = Duration.ofMillis(250);
  private static final Duration LAST_RETRY = Duration.ofSeconds(2);
  private static final int MOST_IDS_NAMED = 10;

  /// SQLSTATE classes of transient faults: connection, resources, rollback, operator.
  private static final Set<String> TRANSIENT = Set.of("08", "53", "40", "57");

  private final ProductRange range;
  private final int pageSize;
  private final Optional<RateLimiter<Object>> rate;
  private final Duration patience;
  private final Supplier<Session> sessions;
  private final RetryPolicy<Object> retry;
  private final Consumer<String> news;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong overtaken = new AtomicLong();
  private final AtomicLong tooLarge = new AtomicLong();
  private volatile Optional<String> lastId = Optional.empty();
  private @Nullable Session session;

  /// The two ends of a run, created again after a fault of either.
  record Session(Products products, ResyncSink sink) implements AutoCloseable {
    @Override
    public void close() {
      sink.close();
      products.close();
    }
  }

  /// Thrown when a product stays locked, or a fault does not pass.
  static final class Failed extends RuntimeException {
    Failed(String reason) {
      super(reason);
    }
  }

  /// Result of one attempt to publish some states.
  private sealed interface Verdict {
    record Committed() implements Verdict {}

    /// @param movedOn have a newer version now
    /// @param held somebody is changing them
    record Withdrawn(Set<String> movedOn, Set<String> held) implements Verdict {}
  }

  /// @param perSecond how many products at most; empty for as many as go
  /// @param patience how long a product may stay locked, and PostgreSQL or Kafka away; more than a
  ///   first pause of 250 ms
  /// @param news gets a line where something goes on that a human may want to know
  ResyncRun(
      ProductRange range,
      Optional<Integer> perSecond,
      Duration patience,
      Supplier<Session> sessions,
      Consumer<String> news) {
    this.range = range;
    this.pageSize =
        perSecond.map(n -> Math.clamp(n / PAGES_PER_SECOND, 1, LARGEST_PAGE)).orElse(LARGEST_PAGE);
    this.rate = perSecond.map(n -> RateLimiter.smoothBuilder(n, Duration.ofSeconds(1)).build());
    this.patience = patience;
    this.sessions = sessions;
    this.news = news;
    this.retry =
        RetryPolicy.builder()
            .handleIf(fault -> passes(fault) && !isStopped())
            .withBackoff(FIRST_RETRY, LAST_RETRY)
            .withMaxAttempts(-1)
            .withMaxDuration(patience)
            .onRetryScheduled(
                next -> news.accept("trying again: " + next.getLastException().getMessage()))
            .build();
  }

  /// Returns the number of products sent. An id counts once, however many attempts it took.
  long sent() {
    return sent.get();
  }

  /// Returns the number of products left out because a newer event of theirs came in between.
  long overtaken() {
    return overtaken.get();
  }

  /// Returns the number of products left out because no record of the topic can hold them.
  long tooLarge() {
    return tooLarge.get();
  }

  /// Returns the id up to which all products are done.
  Optional<String> lastId() {
    return lastId;
  }

  /// Ends [#run] after the current page.
  void stop() {
    stopped.countDown();
  }

  boolean isStopped() {
    return stopped.getCount() == 0;
  }

  /// Returns at the end of the range, or after [#stop].
  ///
  /// @return whether all of the range is done
  /// @throws RuntimeException when it cannot go on; everything up to [#lastId] is done all the same
  boolean run() {
    try {
      // The first connection gets no second attempt: a wrong address is reported at once.
      session = sessions.get();
      while (!isStopped()) {
        var page = withSession(s -> s.products().page(range, lastId, pageSize));
        if (page.isEmpty()) {
          return true;
        }
        long begin = System.nanoTime();
        var share = rate.map(limit -> limit.reservePermits(page.size())).orElse(Duration.ZERO);
        if (!publish(page.stream().filter(this::fits).toList())) {
          return false;
        }
        lastId = Optional.of(page.getLast().aggregateId());
        if (stoppedWithin(share.minusNanos(System.nanoTime() - begin))) {
          return false;
        }
      }
      return false;
    } finally {
      closeSession();
    }
  }

  /// @return whether all of it is done
  private boolean publish(List<OutboxEvent> page) {
    var now = page;
    var later = new ArrayList<OutboxEvent>();
    long begin = System.nanoTime();
    var pause = FIRST_PAUSE;
    while (!now.isEmpty() || !later.isEmpty()) {
      if (now.isEmpty()) {
        if (stoppedWithin(pause)) {
          return false;
        }
        if (System.nanoTime() - begin > patience.toNanos()) {
          throw new Failed(
              "a transaction holds %s for over %d s: end it (pg_stat_activity, pg_locks), then go on"
                  .formatted(named(later), patience.toSeconds()));
        }
        pause = pause.compareTo(LONGEST_PAUSE) < 0 ? pause.multipliedBy(2) : LONGEST_PAUSE;
        // A product that is written continuously is never found settled, but its version rises.
        var seen = withSession(s -> s.products().versions(idsOf(later)));
        int held = later.size();
        later.removeIf(state -> seen.getOrDefault(state.aggregateId(), 0L) > state.version());
        overtaken.addAndGet(held - later.size());
        now = List.copyOf(later);
        later.clear();
        continue;
      }
      var states = now;
      switch (withSession(s -> attempt(s, states))) {
        case Verdict.Committed() -> {
          sent.addAndGet(states.size());
          now = List.of();
        }
        case Verdict.Withdrawn(var movedOn, var held) -> {
          overtaken.addAndGet(movedOn.size());
          states.stream().filter(s -> held.contains(s.aggregateId())).forEach(later::add);
          now =
              states.stream()
                  .filter(s -> !movedOn.contains(s.aggregateId()))
                  .filter(s -> !held.contains(s.aggregateId()))
                  .toList();
        }
      }
    }
    return true;
  }

  private static Verdict attempt(Session session, List<OutboxEvent> states) {
    var ids = idsOf(states);
    var movedOn = new HashSet<String>();
    var held = new HashSet<String>();
    boolean committed =
        session
            .sink()
            .publishIf(
                states,
                () -> {
                  Map<String, Long> settled = session.products().settledVersions(ids);
                  for (var state : states) {
                    var version = settled.get(state.aggregateId());
                    if (version == null) {
                      held.add(state.aggregateId());
                    } else if (version != state.version()) {
                      movedOn.add(state.aggregateId());
                    }
                  }
                  return held.isEmpty() && movedOn.isEmpty();
                });
    return committed ? new Verdict.Committed() : new Verdict.Withdrawn(movedOn, held);
  }

  private static List<String> idsOf(List<OutboxEvent> states) {
    return states.stream().map(OutboxEvent::aggregateId).toList();
  }

  private boolean fits(OutboxEvent state) {
    long bytes = state.value().length + 2L * state.key().length;
    if (bytes <= OutboxRow.MAX_BYTES) {
      return true;
    }
    tooLarge.incrementAndGet();
    news.accept(
        "left out: product %s takes %d bytes, and a record holds %d"
            .formatted(state.aggregateId(), bytes, OutboxRow.MAX_BYTES));
    return false;
  }

  private <T> T withSession(Function<Session, T> work) {
    return Failsafe.with(retry)
        .get(
            () -> {
              var open = session == null ? sessions.get() : session;
              session = open;
              try {
                return work.apply(open);
              } catch (RuntimeException e) {
                closeSession();
                throw e;
              }
            });
  }

  private void closeSession() {
    try (var _ = session) {
      session = null;
    } catch (JdbiException brokenAnyway) {
      // The fault that broke the connection is the one to report.
    }
  }

  private static boolean passes(Throwable fault) {
    return switch (fault) {
      case AuthenticationException _, AuthorizationException _ -> false;
      // The products may have been held by this run's own broken connection.
      case KafkaException _, AnotherRuns _ -> true;
      case JdbiException e ->
          e.getCause() instanceof SQLException sql
              && sql.getSQLState() != null
              && TRANSIENT.contains(sql.getSQLState().substring(0, 2));
      default -> false;
    };
  }

  private boolean stoppedWithin(Duration time) {
    try {
      return stopped.await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  private static String named(List<OutboxEvent> states) {
    var first = states.stream().limit(MOST_IDS_NAMED).map(OutboxEvent::aggregateId).toList();
    return "product%s %s%s"
        .formatted(
            states.size() == 1 ? "" : "s",
            String.join(", ", first),
            states.size() > first.size()
                ? " and %d more".formatted(states.size() - first.size())
                : "");
  }
}
