package dev.tidemark.invalidator.audit;

import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.cache.store.Outcome.Applied;
import dev.tidemark.cache.store.Outcome.Failed;
import dev.tidemark.invalidation.PostgresProducts;
import dev.tidemark.invalidation.PostgresProducts.State;
import dev.tidemark.invalidator.audit.AuditTally.Finding;
import dev.tidemark.invalidator.audit.AuditTally.Result;
import dev.tidemark.invalidator.settings.AuditSettings;
import dev.tidemark.invalidator.settings.ReadinessReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/// Makes the checks that are due: each tells whether the cache has the version of an event, a newer
/// one, or nothing. An event proves that its version was committed, so an older entry is behind. An
/// entry that is behind at the last check is a suspect. PostgreSQL is asked about suspects only,
/// and stale entries are evicted. Confined to one thread.
///
/// A check that cannot be made, or not in time, is unknown: it counts neither as consistent nor as
/// behind. A last check that cannot be made is made later.
final class Auditor {

  private static final Logger log = LoggerFactory.getLogger(Auditor.class);

  /// Keys in one round trip.
  private static final int BATCH = 1000;

  /// Largest delay at which a check still counts, as a part of its time, and not less than
  /// [#LATE_LEAST].
  private static final double LATE_PART = 0.25;

  private static final Duration LATE_LEAST = Duration.ofMillis(500);

  /// Pause before Redis or PostgreSQL is asked again after it gave no answer.
  private static final Duration PAUSE = Duration.ofSeconds(1);

  /// Largest number of times that a suspect gets more time because Redis was away: the live path
  /// has to catch up.
  private static final int MOST_POSTPONEMENTS = 5;

  /// Delay before an entry that changed while it was judged is looked at again.
  private static final Duration LOOK_AGAIN = Duration.ofMillis(500);

  private static final int MOST_KEYS_NAMED = 10;

  private final EntryStore entries;
  private final Optional<PostgresProducts> products;
  private final AuditSettings settings;
  private final CheckQueue pending;
  private final AuditTally tally;
  private final ReadinessReason redis;
  private final ReadinessReason database = new ReadinessReason("audit's database");

  private boolean isAnswered;
  private long answeredSince;
  private long pausedUntil;

  /// @param products empty: events alone tell what was committed
  /// @param redis receives the state of Redis
  Auditor(
      EntryStore entries,
      Optional<PostgresProducts> products,
      AuditSettings settings,
      CheckQueue pending,
      AuditTally tally,
      ReadinessReason redis) {
    this.entries = entries;
    this.products = products;
    this.settings = settings;
    this.pending = pending;
    this.tally = tally;
    this.redis = redis;
    this.pausedUntil = System.nanoTime();
  }

  private record Suspect(ScheduledCheck check, CachedValue found) {}

  /// Makes all checks that are due now.
  void check() {
    long now = System.nanoTime();
    while (pausedUntil - now <= 0) {
      List<ScheduledCheck> due = pending.takeDue(now, BATCH);
      if (due.isEmpty()) {
        break;
      }
      check(due);
    }
    tally.pending(pending.size());
  }

  private void check(List<ScheduledCheck> due) {
    List<ScheduledCheck> made = new ArrayList<>();
    for (ScheduledCheck check : due) {
      if (isTooLate(check) && !pending.isLast(check.window())) {
        tally.check(check.window(), Finding.UNKNOWN);
        pending.goOn(check);
      } else {
        made.add(check);
      }
    }
    List<String> keys = made.stream().map(ScheduledCheck::key).distinct().toList();
    if (keys.isEmpty()) {
      return;
    }
    Map<String, Outcome<Lookup>> found = lookup(keys);
    List<Suspect> suspects = new ArrayList<>();
    for (ScheduledCheck check : made) {
      switch (found.get(check.key())) {
        case Applied(Lookup.Hit(CachedValue value)) when value.version() < check.version() -> {
          if (recordBehind(check)) {
            suspects.add(new Suspect(check, value));
          }
        }
        case Applied(Lookup.Hit _) -> recordConsistent(check, Result.FRESH);
        case Applied(Lookup.Miss _), Applied(Lookup.Filling _) ->
            recordConsistent(check, Result.ABSENT);
        case Failed(EntryStoreException _) -> recordNotMade(check);
        case null -> throw new IllegalStateException("no answer for " + check.key());
      }
    }
    if (!suspects.isEmpty()) {
      judge(suspects);
    }
  }

  private Map<String, Outcome<Lookup>> lookup(List<String> keys) {
    List<Outcome<Lookup>> outcomes = entries.lookup(keys);
    Map<String, Outcome<Lookup>> byKey = new HashMap<>();
    int failed = 0;
    for (int i = 0; i < keys.size(); i++) {
      byKey.put(keys.get(i), outcomes.get(i));
      if (outcomes.get(i) instanceof Failed<Lookup>(EntryStoreException cause)) {
        failed++;
        redisFails(cause);
      }
    }
    if (failed == 0) {
      redisAnswers();
    } else if (failed == keys.size()) {
      pausedUntil = System.nanoTime() + PAUSE.toNanos();
    }
    return byKey;
  }

  private void redisAnswers() {
    if (!isAnswered) {
      isAnswered = true;
      answeredSince = System.nanoTime();
    }
    redis.clear();
  }

  private void redisFails(EntryStoreException cause) {
    isAnswered = false;
    redis.block(String.valueOf(cause.getMessage()));
  }

  private void recordConsistent(ScheduledCheck check, Result result) {
    count(check, Finding.CONSISTENT);
    if (pending.isLast(check.window())) {
      tally.event(check.hasLagged() ? Result.LAGGING : result);
    } else {
      pending.goOn(check);
    }
  }

  /// @return whether this was the last attempt
  private boolean recordBehind(ScheduledCheck check) {
    count(check, Finding.BEHIND);
    check.lags();
    if (pending.isLast(check.window())) {
      return true;
    }
    pending.goOn(check);
    return false;
  }

  private void recordNotMade(ScheduledCheck check) {
    count(check, Finding.UNKNOWN);
    if (pending.isLast(check.window())) {
      pending.postpone(check, System.nanoTime() + settings.last().toNanos());
    } else {
      pending.goOn(check);
    }
  }

  /// Counts a check once. A result that comes long after its time says nothing about that time.
  private void count(ScheduledCheck check, Finding finding) {
    if (!check.isCounted()) {
      tally.check(check.window(), isTooLate(check) ? Finding.UNKNOWN : finding);
      check.count();
    }
  }

  private boolean isTooLate(ScheduledCheck check) {
    long within = settings.within().get(check.window()).toNanos();
    long late = System.nanoTime() - check.committed() - within;
    return late > Math.max((long) (within * LATE_PART), LATE_LEAST.toNanos());
  }

  private void judge(List<Suspect> suspects) {
    List<Suspect> ripe = suspects.stream().filter(suspect -> !getsTime(suspect.check())).toList();
    Map<String, State> states;
    try {
      states = states(ripe);
      database.clear();
    } catch (PostgresProducts.Unanswered e) {
      database.block(String.valueOf(e.getMessage()));
      long later = System.nanoTime() + settings.within().getFirst().toNanos();
      ripe.forEach(suspect -> pending.postpone(suspect.check(), later));
      return;
    }
    List<Suspect> forked = new ArrayList<>();
    List<Suspect> stale = new ArrayList<>();
    for (Suspect suspect : ripe) {
      (isCommitted(suspect.check(), states) ? stale : forked).add(suspect);
    }
    tell(forked);
    repair(stale);
  }

  /// Returns whether a suspect gets more time: after an outage of Redis the live path has to catch
  /// up first.
  private boolean getsTime(ScheduledCheck check) {
    long now = System.nanoTime();
    boolean wasAway = !isAnswered || now - answeredSince < settings.last().toNanos();
    if (!wasAway || check.postponements() == MOST_POSTPONEMENTS) {
      return false;
    }
    check.countPostponement();
    pending.postpone(check, now + settings.last().toNanos());
    return true;
  }

  private Map<String, State> states(List<Suspect> suspects) {
    List<String> ids =
        suspects.stream()
            .map(suspect -> suspect.check().key())
            .filter(Auditor::isProduct)
            .map(PostgresProducts::idOf)
            .distinct()
            .toList();
    return products.isEmpty() || ids.isEmpty() ? Map.of() : products.get().states(ids);
  }

  private static boolean isProduct(String key) {
    return key.startsWith(PostgresProducts.KEY_PREFIX);
  }

  /// Returns whether the version is committed. The event is sufficient proof where PostgreSQL
  /// cannot be asked, and PostgreSQL knows products only.
  private boolean isCommitted(ScheduledCheck check, Map<String, State> states) {
    if (products.isEmpty() || !isProduct(check.key())) {
      return true;
    }
    State state = states.get(PostgresProducts.idOf(check.key()));
    return state != null && state.version() >= check.version();
  }

  private void tell(List<Suspect> forked) {
    forked.forEach(_ -> tally.event(Result.FORKED));
    forked.stream()
        .limit(MOST_KEYS_NAMED)
        .forEach(
            suspect ->
                said(log.atError(), suspect)
                    .log(
                        "PostgreSQL lacks a version that was published: was it recovered to an"
                            + " earlier moment?"));
    tellOfMore(forked.size());
  }

  /// Evicts stale entries whatever version they state: the protocol does not let an entry become
  /// stale, so nothing that it states about itself can be trusted (H8). An entry is evicted only if
  /// it is as it was judged; one that has changed since is judged again.
  private void repair(List<Suspect> stale) {
    int told = 0;
    for (Suspect suspect : stale) {
      ScheduledCheck check = suspect.check();
      try {
        if (!entries.evictSeen(check.key(), suspect.found())) {
          pending.postpone(check, System.nanoTime() + LOOK_AGAIN.toNanos());
          continue;
        }
      } catch (EntryStoreException e) {
        redisFails(e);
        pending.postpone(check, System.nanoTime() + settings.last().toNanos());
        continue;
      }
      tally.stale(check.key(), check.version(), suspect.found().version());
      if (told++ < MOST_KEYS_NAMED) {
        said(log.atError(), suspect).log("stale entry, evicted");
      }
    }
    tellOfMore(told);
  }

  private static LoggingEventBuilder said(LoggingEventBuilder line, Suspect suspect) {
    return line.addKeyValue("key", suspect.check().key())
        .addKeyValue("version", suspect.check().version())
        .addKeyValue("found", suspect.found().version());
  }

  private static void tellOfMore(int count) {
    if (count > MOST_KEYS_NAMED) {
      log.atError()
          .addKeyValue("keys", count - MOST_KEYS_NAMED)
          .log("further stale entries not listed");
    }
  }
}
