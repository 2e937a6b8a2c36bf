package dev.tidemark.invalidator.live;

import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Eviction;
import dev.tidemark.cache.store.EvictionRequest;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.cache.store.Outcome.Applied;
import dev.tidemark.cache.store.Outcome.Failed;
import dev.tidemark.invalidator.events.DeadLetter;
import dev.tidemark.invalidator.events.DeadLetters;
import dev.tidemark.invalidator.status.InvalidatorMetrics;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Applies pending work: evictions by version, then evictions by force, then the dead letters.
/// Confined to one thread.
public final class Evictor {

  private static final Logger log = LoggerFactory.getLogger(Evictor.class);

  /// Evictions in one round trip: enough to make the trip cheap, and few enough to answer in
  /// milliseconds.
  private static final int BATCH = 1000;

  private final EntryStore store;
  private final DeadLetters deadLetters;
  private final InvalidatorMetrics metrics;
  private final Clock clock;

  public Evictor(
      EntryStore store, DeadLetters deadLetters, InvalidatorMetrics metrics, Clock clock) {
    this.store = store;
    this.deadLetters = deadLetters;
    this.metrics = metrics;
    this.clock = clock;
  }

  /// Applies as much as possible.
  ///
  /// @return empty when all is done; else why not, and what is not done is still pending
  Optional<String> apply(PendingEvictions pending) {
    List<EvictionRequest> requests = pending.requests();
    for (int from = 0; from < requests.size(); from += BATCH) {
      Optional<String> obstacle =
          evict(requests.subList(from, Math.min(from + BATCH, requests.size())), pending);
      if (obstacle.isPresent()) {
        return obstacle;
      }
    }
    try {
      for (String key : pending.forced()) {
        metrics.invalidation(store.evictByForce(key) ? Eviction.EVICTED : Eviction.ABSENT);
        pending.evictedByForce(key);
      }
    } catch (EntryStoreException e) {
      metrics.invalidationFailed();
      return Optional.of(String.valueOf(e.getMessage()));
    }
    return bury(pending);
  }

  private Optional<String> evict(List<EvictionRequest> requests, PendingEvictions pending) {
    List<Outcome<Eviction>> outcomes = store.evict(requests);
    Instant now = clock.instant();
    Optional<String> obstacle = Optional.empty();
    for (int i = 0; i < requests.size(); i++) {
      switch (outcomes.get(i)) {
        case Applied(Eviction eviction) -> {
          metrics.invalidation(eviction);
          pending.evicted(requests.get(i).key(), now);
        }
        case Failed(EntryStoreException cause) -> {
          metrics.invalidationFailed();
          obstacle = Optional.of(String.valueOf(cause.getMessage()));
        }
      }
    }
    return obstacle;
  }

  private static void tell(DeadLetter letter) {
    log.atError()
        .addKeyValue("topic", letter.record().topic())
        .addKeyValue("partition", letter.record().partition())
        .addKeyValue("offset", letter.record().offset())
        .addKeyValue("key", letter.keyText())
        .addKeyValue("reason", letter.reason())
        .log("dead letter: key evicted, record sent to {}", letter.topic());
  }

  private Optional<String> bury(PendingEvictions pending) {
    List<DeadLetter> letters = pending.deadLetters();
    if (letters.isEmpty()) {
      return Optional.empty();
    }
    List<DeadLetter> sent;
    try {
      sent = deadLetters.send(letters);
    } catch (KafkaException e) {
      return Optional.of("dead letters cannot be put aside: " + e.getMessage());
    }
    sent.forEach(Evictor::tell);
    metrics.deadLetters(sent.size());
    pending.deadLettersSent();
    return Optional.empty();
  }
}
