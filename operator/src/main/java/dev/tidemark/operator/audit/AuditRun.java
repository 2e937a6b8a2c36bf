package dev.tidemark.operator.audit;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisInspection.Found;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.invalidation.PostgresProducts;
import dev.tidemark.invalidation.PostgresProducts.State;
import dev.tidemark.operator.audit.AuditFindings.WrongKey;
import dev.tidemark.operator.audit.AuditSources.Wrong;
import dev.tidemark.operator.run.CommandOptions;
import dev.tidemark.operator.run.CommandRun;
import dev.tidemark.operator.run.CommandRun.Result;
import dev.tidemark.operator.run.CommandRun.WrongUsage;
import dev.tidemark.operator.run.Progress;
import dev.tidemark.operator.run.RateLimit;
import dev.tidemark.operator.run.StopRequest;
import dev.tidemark.operator.run.StopRequest.Stopped;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import picocli.CommandLine.ExitCode;

/// Compares entries with the database, piece by piece, while others write.
///
/// The cache is read first, then the database, so everything in the cache is committed by then. An
/// entry that is not right gets a grace time, since its eviction may be on its way, and is looked
/// at again. One that was behind must then have the version that the database had the *first* time.
/// Otherwise a product that is written continuously would never be found right.
public final class AuditRun implements CommandRun.Work {

  private static final int BATCH = 500;

  /// Time between two looks at the entries that are not right, at the end.
  private static final Duration LOOK_AGAIN = Duration.ofMillis(500);

  /// Largest number of times that an entry is looked at again because it changed while it was
  /// judged: somebody writes it continuously.
  private static final int MOST_CHANGES = 3;

  private final AuditTarget target;
  private final AuditScope choice;
  private final CommandOptions options;
  private final Clock clock;
  private final Consumer<String> news;

  private final AuditFindings findings = new AuditFindings();
  private final Deque<Suspect> suspects = new ArrayDeque<>();

  /// An entry that is not right yet.
  ///
  /// @param since time of [System#nanoTime] when this was first seen
  /// @param changes number of times that it was to be evicted, and had changed meanwhile
  private record Suspect(WrongKey key, long since, int changes) {}

  AuditRun(
      AuditTarget target,
      AuditScope choice,
      CommandOptions options,
      Clock clock,
      Consumer<String> news) {
    this.target = target;
    this.choice = choice;
    this.options = options;
    this.clock = clock;
    this.news = news;
  }

  @Override
  public Result run(Progress progress, StopRequest stopping) {
    try (RedisConnection redis = target.redis().open();
        PostgresProducts products = new PostgresProducts(target.database())) {
      AuditSources servers = AuditSources.open(redis, products, stopping, news);
      compare(servers, progress, stopping);
      settleAll(servers, progress, stopping);
      Result result = result();
      leave(result, redis);
      return result;
    }
  }

  private void compare(AuditSources servers, Progress progress, StopRequest stopping) {
    RateLimit pace = new RateLimit(options.perSecond(), BATCH);
    AuditKeys keys = servers.ask(() -> choice.of(servers.cache()));
    progress.begin("audit", "keys", servers.ask(keys::total));
    long looked = 0;
    while (true) {
      Optional<List<String>> piece = servers.ask(() -> keys.next(pace.largestBatch()));
      if (piece.isEmpty()) {
        return;
      }
      pace.await(piece.get().size(), stopping);
      compare(piece.get(), servers);
      settleRipe(servers);
      looked += piece.get().size();
      progress.done(looked);
    }
  }

  private void compare(List<String> keys, AuditSources servers) {
    List<Found> found = servers.read(keys);
    Map<String, State> states = servers.states(keys);
    for (int i = 0; i < keys.size(); i++) {
      WrongKey seen = seen(keys.get(i), found.get(i), states);
      checkKnown(seen, states);
      if (seen.verdict().isRight()) {
        findings.right(seen.verdict());
      } else {
        suspects.add(new Suspect(seen, System.nanoTime(), 0));
      }
    }
  }

  /// Ensures that a user who names a key is not told that it is right where only products are
  /// known.
  private void checkKnown(WrongKey seen, Map<String, State> states) {
    String id = PostgresProducts.idOf(seen.key());
    if (choice.keys().ids().contains(id)
        && seen.verdict() == AuditVerdict.ABSENT
        && !states.containsKey(id)) {
      throw new WrongUsage(
          "--key %s: there is no such product, neither in the database nor in the cache, and audit knows no other aggregates"
              .formatted(id));
    }
  }

  private static WrongKey seen(String key, Found found, Map<String, State> states) {
    Optional<State> state = Optional.ofNullable(states.get(PostgresProducts.idOf(key)));
    return new WrongKey(
        key, AuditVerdict.of(found, state), versionIn(found), state.map(State::version).orElse(0L));
  }

  private static long versionIn(Found found) {
    return found instanceof Found.Known(Lookup.Hit(CachedValue value)) ? value.version() : -1;
  }

  private void settleAll(AuditSources servers, Progress progress, StopRequest stopping) {
    progress.begin("looking again", "keys", suspects.size());
    long all = suspects.size();
    while (!suspects.isEmpty()) {
      for (int open = suspects.size(); open > 0; open -= BATCH) {
        settle(take(Math.min(open, BATCH)), servers);
      }
      progress.done(all - suspects.size());
      if (!suspects.isEmpty()) {
        stopping.pause(LOOK_AGAIN);
      }
    }
  }

  /// Looks again at the entries whose grace time is over.
  private void settleRipe(AuditSources servers) {
    List<Suspect> ripe = new ArrayList<>();
    while (!suspects.isEmpty() && ripe.size() < BATCH && isRipe(suspects.getFirst())) {
      ripe.add(suspects.removeFirst());
    }
    settle(ripe, servers);
  }

  private List<Suspect> take(int count) {
    List<Suspect> taken = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      taken.add(suspects.removeFirst());
    }
    return taken;
  }

  private boolean isRipe(Suspect suspect) {
    return System.nanoTime() - suspect.since() >= choice.grace().toNanos();
  }

  private void settle(List<Suspect> looked, AuditSources servers) {
    if (looked.isEmpty()) {
      return;
    }
    // Taken before the look: an entry that becomes ripe meanwhile gets another look.
    Set<Suspect> ripe = looked.stream().filter(this::isRipe).collect(Collectors.toSet());
    List<String> keys = looked.stream().map(suspect -> suspect.key().key()).toList();
    List<Found> found = servers.read(keys);
    Map<String, State> states = servers.states(keys);
    Map<Suspect, Wrong> wrong = new LinkedHashMap<>();
    for (int i = 0; i < looked.size(); i++) {
      Suspect suspect = looked.get(i);
      WrongKey now = seen(keys.get(i), found.get(i), states);
      if (hasComeRight(suspect.key(), now)) {
        findings.right(AuditVerdict.LAGGING);
      } else if (ripe.contains(suspect)) {
        wrong.put(suspect, new Wrong(now, found.get(i)));
      } else {
        suspects.addLast(suspect);
      }
    }
    if (choice.repair() && !options.dryRun()) {
      repair(wrong, servers);
    } else {
      wrong.values().forEach(each -> findings.wrong(each.key()));
    }
  }

  private static boolean hasComeRight(WrongKey first, WrongKey now) {
    if (now.verdict() == AuditVerdict.STALE) {
      // A wrong value of any other kind has been replaced by now.
      return first.verdict() != AuditVerdict.STALE || now.cached() >= first.committed();
    }
    return now.verdict().isRight();
  }

  private void repair(Map<Suspect, Wrong> wrong, AuditSources servers) {
    Set<String> left;
    try {
      left = servers.evict(List.copyOf(wrong.values()));
    } catch (Stopped e) {
      wrong.values().forEach(each -> findings.wrong(each.key()));
      throw e;
    }
    wrong.forEach((suspect, each) -> repaired(suspect, each.key(), left));
  }

  private void repaired(Suspect suspect, WrongKey now, Set<String> left) {
    boolean isLeft = left.contains(now.key());
    if (isLeft && suspect.changes() < MOST_CHANGES) {
      suspects.addLast(new Suspect(now, System.nanoTime(), suspect.changes() + 1));
      return;
    }
    findings.wrong(now);
    if (!isLeft) {
      findings.repaired(now);
    }
  }

  @Override
  public Result result() {
    boolean dryRun = choice.repair() && options.dryRun();
    Map<String, Object> json = new TreeMap<>(findings.json(dryRun));
    json.put(LastAudit.SCOPE, choice.scope());
    json.put(LastAudit.AT, clock.instant().truncatedTo(ChronoUnit.SECONDS).toString());
    json.put("dryRun", options.dryRun());
    boolean harmful = findings.isHarmful();
    return new Result(
        harmful ? ExitCode.SOFTWARE : ExitCode.OK,
        findings.text(dryRun)
            + (harmful && !choice.repair() ? "; --repair evicts what is wrong" : ""),
        json);
  }

  /// Stores the result for a command that asks about the state of the system. A cache that takes no
  /// writes has been audited all the same.
  private void leave(Result result, RedisConnection redis) {
    try {
      redis.leaveNote(LastAudit.NOTE, LastAudit.write(result));
    } catch (EntryStoreException e) {
      news.accept("the result is not left in Redis for others: " + e.getMessage());
    }
  }

  @Override
  public String resumption() {
    return (choice.arguments() + options.arguments()).strip();
  }
}
