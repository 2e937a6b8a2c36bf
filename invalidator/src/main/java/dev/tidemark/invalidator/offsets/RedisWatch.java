package dev.tidemark.invalidator.offsets;

import dev.tidemark.cache.redis.EvictionTrial;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisPrimary;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.invalidator.settings.ReadinessReason;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Checks which Redis processes hold the entries, and whether they accept evictions (H60). Where
/// another process has come, by a failover or a restart, the last evictions may be lost (H4, H5).
///
/// Thread-safe: one thread looks, others read what it saw. Times are those of [System#nanoTime].
public final class RedisWatch {

  private final ReadinessReason obstacle;
  private final EvictionTrial trial;
  private final CountDownLatch known = new CountDownLatch(1);

  private Primaries primaries = new Primaries(Set.of());
  private long lastLook;
  private OptionalLong changedAfter = OptionalLong.empty();
  private Duration longestLag = Duration.ZERO;

  /// Looks at nothing yet.
  ///
  /// @param obstacle receives the state of Redis
  /// @param trial finds out whether Redis takes evictions
  public RedisWatch(ReadinessReason obstacle, EvictionTrial trial) {
    this.obstacle = obstacle;
    this.trial = trial;
  }

  public void look(RedisConnection redis) {
    try {
      redis.ping();
      long now = System.nanoTime();
      saw(redis.primaries(), now);
      trial.on(redis);
      obstacle.clear();
    } catch (EntryStoreException e) {
      obstacle.block(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      obstacle.block("Redis cannot be asked which server holds the entries: " + e);
      throw e;
    }
  }

  /// A change of the processes.
  ///
  /// @param primaries those
  /// @param sureUntil when those of before were last seen
  public record Change(Primaries primaries, long sureUntil) {}

  private synchronized void saw(List<RedisPrimary> found, long now) {
    Primaries current = Primaries.of(found);
    if (known.getCount() == 0 && current.hasNewSince(primaries) && changedAfter.isEmpty()) {
      changedAfter = OptionalLong.of(lastLook);
    }
    primaries = current;
    lastLook = now;
    known.countDown();
    longestLag =
        found.stream()
            .flatMap(primary -> primary.replicationLag().stream())
            .reduce(longestLag, (a, b) -> a.compareTo(b) > 0 ? a : b);
  }

  /// Returns when Redis was seen once, or the time is over.
  ///
  /// @return whether it was seen
  public boolean isKnownWithin(Duration time) {
    try {
      return known.await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// Returns the primaries as of the last look.
  public synchronized Primaries primaries() {
    return primaries;
  }

  /// Returns the time until which the processes before a change that is not taken yet were
  /// certainly there.
  synchronized long sureUntil() {
    return changedAfter.orElse(lastLook);
  }

  /// Returns a change once.
  public synchronized Optional<Change> takeChange() {
    if (changedAfter.isEmpty()) {
      return Optional.empty();
    }
    Change change = new Change(primaries, changedAfter.getAsLong());
    changedAfter = OptionalLong.empty();
    return Optional.of(change);
  }

  /// Returns the longest replication lag that was ever seen.
  public synchronized Duration longestLag() {
    return longestLag;
  }
}
