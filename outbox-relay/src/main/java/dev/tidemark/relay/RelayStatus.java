package dev.tidemark.relay;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// What the relay is doing, for whoever asks from outside: readiness and metrics. Thread-safe.
final class RelayStatus {
  private final Clock clock;
  private final AtomicReference<Phase> phase = new AtomicReference<>(new Starting());
  private final Findings findings = new Findings();
  private final AtomicReference<@Nullable SlotState> slot = new AtomicReference<>();
  private final AtomicReference<@Nullable OutboxState> outbox = new AtomicReference<>();
  private final AtomicReference<@Nullable Removal> lastRemoval = new AtomicReference<>();
  private final AtomicReference<@Nullable LastRepair> lastRepair = new AtomicReference<>();
  private final AtomicReference<@Nullable String> failure = new AtomicReference<>();
  private final Set<String> filled = ConcurrentHashMap.newKeySet();
  private final AtomicReference<List<TopicFollower>> followers = new AtomicReference<>(List.of());
  private final AtomicReference<@Nullable Waiting> waiting = new AtomicReference<>();
  private final StreamLag lag;

  RelayStatus(Clock clock) {
    this.clock = clock;
    this.lag = new StreamLag(clock, System::nanoTime);
  }

  sealed interface Phase {}

  /// Connecting, or reading back what was published.
  ///
  /// @param doing what it does just now, in words
  record Starting(String doing) implements Phase {
    Starting() {
      this("connecting to PostgreSQL and Kafka");
    }
  }

  /// Another relay is the active one.
  record StandingBy() implements Phase {}

  /// The active relay, which fetches from the table what the log will not bring.
  ///
  /// @param doing what it does just now, in words
  record Repairing(String doing) implements Phase {}

  /// The active relay.
  record Streaming() implements Phase {}

  /// The last session broke off; another is tried soon.
  record Failed(String reason) implements Phase {}

  /// A transaction that is committed, and that readers do not see yet. Nothing is published before
  /// they do.
  ///
  /// @param transactionId 64 bits; `pg_stat_activity` has the lower 32 as `backend_xid`
  /// @param since when it was first waited for
  record Waiting(long transactionId, Instant since) {
    static final String REASON =
        "the transaction is committed and readers do not see it yet: a synchronous standby does not"
            + " answer (see synchronous_standby_names and pg_stat_replication), or the server's"
            + " process that commits it is stopped (see pg_stat_activity, backend_xid)";

    String text() {
      return "waiting since %s for transaction %d: %s".formatted(since, transactionId, REASON);
    }
  }

  /// Rows that left the outbox because they were relayed and past their retention.
  record Removal(String what, Instant at) {}

  /// The outbox was compared with the topics, because the slot might not have brought all.
  ///
  /// @param reason why that was doubtful, in words
  /// @param events so many were missing in the topics, and were published
  record LastRepair(String reason, long events, Instant at) {}

  void phase(Phase next) {
    switch (next) {
      case Starting(var _), Repairing(var _) -> lag.interrupted();
      case Failed(var reason) -> {
        lag.interrupted();
        failure.set(reason);
      }
      case StandingBy() -> {
        lag.notOurs();
        failure.set(null);
      }
      case Streaming() -> {}
    }
    phase.set(next);
  }

  /// What a relay that starts or repairs does just now, in words.
  void doing(String what) {
    phase.updateAndGet(
        now ->
            switch (now) {
              case Starting(var _) -> new Starting(what);
              case Repairing(var _) -> new Repairing(what);
              case StandingBy(), Streaming(), Failed(var _) -> now;
            });
  }

  /// The stream has come further than ever before.
  void progressed() {
    failure.set(null);
  }

  /// Why the last session ended; empty when the stream has come further since.
  Optional<String> failure() {
    return Optional.ofNullable(failure.get());
  }

  Phase phase() {
    return phase.get();
  }

  /// Whether this relay is the one that publishes.
  boolean isActive() {
    return phase() instanceof Streaming || phase() instanceof Repairing;
  }

  Findings findings() {
    return findings;
  }

  /// A topic of events that this relay writes to.
  void fills(String topic) {
    filled.add(topic);
  }

  Set<String> filled() {
    return Set.copyOf(filled);
  }

  void followers(List<TopicFollower> looked) {
    followers.set(List.copyOf(looked));
  }

  /// Of the topics that this relay fills; none until it was first looked.
  List<TopicFollower> followers() {
    return followers.get();
  }

  void slot(SlotState state) {
    slot.set(state);
  }

  /// Empty until PostgreSQL has answered once.
  Optional<SlotState> slot() {
    return Optional.ofNullable(slot.get());
  }

  void outbox(OutboxState state) {
    outbox.set(state);
  }

  /// Empty until it was first looked at.
  Optional<OutboxState> outbox() {
    return Optional.ofNullable(outbox.get());
  }

  void removedFromOutbox(String what) {
    lastRemoval.set(new Removal(what, clock.instant()));
  }

  Optional<Removal> lastRemoval() {
    return Optional.ofNullable(lastRemoval.get());
  }

  void repaired(String reason, long events) {
    lastRepair.set(new LastRepair(reason, events, clock.instant()));
  }

  /// By this process.
  Optional<LastRepair> lastRepair() {
    return Optional.ofNullable(lastRepair.get());
  }

  void waitsFor(long transactionId) {
    waiting.updateAndGet(
        now ->
            now != null && now.transactionId() == transactionId
                ? now
                : new Waiting(transactionId, clock.instant()));
  }

  void waitsForNothing() {
    waiting.set(null);
  }

  Optional<Waiting> waiting() {
    return Optional.ofNullable(waiting.get());
  }

  /// How long the transaction that is waited for has been waited for; zero when there is none.
  Duration waited() {
    return waiting().map(w -> Duration.between(w.since(), clock.instant())).orElse(Duration.ZERO);
  }

  /// How far the stream is behind, and what tells it.
  StreamLag lag() {
    return lag;
  }
}
