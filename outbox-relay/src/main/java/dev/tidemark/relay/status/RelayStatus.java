package dev.tidemark.relay.status;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// State of the relay's work, for readiness and metrics. Thread-safe.
public final class RelayStatus {
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

  public RelayStatus(Clock clock) {
    this.clock = clock;
    this.lag = new StreamLag(clock, System::nanoTime);
  }

  public sealed interface Phase {}

  /// Connecting, or reading back what was published.
  ///
  /// @param doing what it does just now, in words
  public record Starting(String doing) implements Phase {
    public Starting() {
      this("connecting to PostgreSQL and Kafka");
    }
  }

  /// Another relay is the active one.
  public record StandingBy() implements Phase {}

  /// The active relay, which fetches from the table what the log will not bring.
  ///
  /// @param doing what it does just now, in words
  public record Repairing(String doing) implements Phase {}

  /// The active relay.
  public record Streaming() implements Phase {}

  /// The last session broke off; another is tried soon.
  public record Failed(String reason) implements Phase {}

  /// A transaction that is committed, and that readers do not see yet. Nothing is published before
  /// they do.
  ///
  /// @param transactionId 64 bits; `pg_stat_activity` has the lower 32 as `backend_xid`
  /// @param since when it was first waited for
  public record Waiting(long transactionId, Instant since) {
    public static final String REASON =
        "the transaction is committed and readers do not see it yet: a synchronous standby does not"
            + " answer (see synchronous_standby_names and pg_stat_replication), or the server's"
            + " process that commits it is stopped (see pg_stat_activity, backend_xid)";

    public String text() {
      return "waiting since %s for transaction %d: %s".formatted(since, transactionId, REASON);
    }
  }

  /// Rows that were removed from the outbox because they were relayed and past their retention.
  public record Removal(String what, Instant at) {}

  /// A comparison of the outbox with the topics, made because the slot might not have brought
  /// everything.
  ///
  /// @param reason why that was doubtful, in words
  /// @param events so many were missing in the topics, and were published
  public record LastRepair(String reason, long events, Instant at) {}

  public void phase(Phase next) {
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

  /// Notes what a relay that starts or repairs does just now, in words.
  public void doing(String what) {
    phase.updateAndGet(
        now ->
            switch (now) {
              case Starting(var _) -> new Starting(what);
              case Repairing(var _) -> new Repairing(what);
              case StandingBy(), Streaming(), Failed(var _) -> now;
            });
  }

  /// Notes that the stream has come further than ever before.
  public void progressed() {
    failure.set(null);
  }

  /// Returns the reason why the last session ended; empty when the stream has come further since.
  public Optional<String> failure() {
    return Optional.ofNullable(failure.get());
  }

  public Phase phase() {
    return phase.get();
  }

  /// Returns whether this relay is the one that publishes.
  boolean isActive() {
    return phase() instanceof Streaming || phase() instanceof Repairing;
  }

  public Findings findings() {
    return findings;
  }

  /// Notes a topic of events that this relay writes to.
  public void fills(String topic) {
    filled.add(topic);
  }

  public Set<String> filled() {
    return Set.copyOf(filled);
  }

  public void followers(List<TopicFollower> looked) {
    followers.set(List.copyOf(looked));
  }

  /// Returns the state of the topics that this relay fills; none until the first look.
  public List<TopicFollower> followers() {
    return followers.get();
  }

  public void slot(SlotState state) {
    slot.set(state);
  }

  /// Returns the state of the slot; empty until PostgreSQL has answered once.
  Optional<SlotState> slot() {
    return Optional.ofNullable(slot.get());
  }

  public void outbox(OutboxState state) {
    outbox.set(state);
  }

  /// Returns the state of the outbox; empty until the first look.
  public Optional<OutboxState> outbox() {
    return Optional.ofNullable(outbox.get());
  }

  public void removedFromOutbox(String what) {
    lastRemoval.set(new Removal(what, clock.instant()));
  }

  public Optional<Removal> lastRemoval() {
    return Optional.ofNullable(lastRemoval.get());
  }

  public void repaired(String reason, long events) {
    lastRepair.set(new LastRepair(reason, events, clock.instant()));
  }

  /// Returns the last repair by this process.
  public Optional<LastRepair> lastRepair() {
    return Optional.ofNullable(lastRepair.get());
  }

  public void waitsFor(long transactionId) {
    waiting.updateAndGet(
        now ->
            now != null && now.transactionId() == transactionId
                ? now
                : new Waiting(transactionId, clock.instant()));
  }

  public void waitsForNothing() {
    waiting.set(null);
  }

  public Optional<Waiting> waiting() {
    return Optional.ofNullable(waiting.get());
  }

  /// Returns the time for which the current transaction has been waited for; zero when there is
  /// none.
  Duration waited() {
    return waiting().map(w -> Duration.between(w.since(), clock.instant())).orElse(Duration.ZERO);
  }

  /// Returns the lag of the stream, which also takes the reports about it.
  public StreamLag lag() {
    return lag;
  }
}
