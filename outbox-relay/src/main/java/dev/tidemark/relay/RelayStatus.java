package dev.tidemark.relay;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
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
  private final AtomicReference<@Nullable Instant> unseenHeartbeat = new AtomicReference<>();

  RelayStatus(Clock clock) {
    this.clock = clock;
  }

  sealed interface Phase {}

  /// Connecting, or reading back what was published.
  record Starting() implements Phase {}

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

  /// Rows that left the outbox because they were relayed and past their retention.
  record Removal(String what, Instant at) {}

  void phase(Phase next) {
    phase.set(next);
    unseenHeartbeat.set(null);
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

  void heartbeatSent(Instant at) {
    unseenHeartbeat.compareAndSet(null, at);
  }

  /// A heartbeat has come back through the log: everything that was committed before it was sent is
  /// published.
  void heartbeatSeen(Instant sentAt) {
    unseenHeartbeat.updateAndGet(
        unseen -> unseen == null || unseen.isAfter(sentAt) ? unseen : null);
  }

  /// How far the stream is behind: the age of the oldest heartbeat that has not come back; nothing
  /// when all have.
  Duration lag() {
    var unseen = unseenHeartbeat.get();
    return unseen == null ? Duration.ZERO : Duration.between(unseen, clock.instant());
  }
}
