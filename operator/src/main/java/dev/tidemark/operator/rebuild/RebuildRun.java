package dev.tidemark.operator.rebuild;

import dev.tidemark.cache.TimeToLive;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidation.RedisTarget;
import dev.tidemark.operator.rebuild.AggregateState.Cacheable;
import dev.tidemark.operator.rebuild.RebuildFill.Verdict;
import dev.tidemark.operator.run.CommandOptions;
import dev.tidemark.operator.run.CommandRun;
import dev.tidemark.operator.run.CommandRun.Result;
import dev.tidemark.operator.run.KeyFilter;
import dev.tidemark.operator.run.Progress;
import dev.tidemark.operator.run.RateLimit;
import dev.tidemark.operator.run.RetryingBatches;
import dev.tidemark.operator.run.StopRequest;
import dev.tidemark.operator.run.StopRequest.Stopped;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import picocli.CommandLine.ExitCode;

/// Fills the cache from the topics, only with each key's newest state.
///
/// It works in rounds, each with as many keys as its memory holds. All topics are read, which shows
/// the newest versions. Then the cache is filled batch by batch, several batches at a time, so that
/// Redis has work while another batch waits for the end of the topics.
final class RebuildRun implements CommandRun.Work {

  private static final int BATCH = 2000;
  private static final int BATCH_BYTES = 4 << 20;
  private static final int BATCHES_AT_A_TIME = 3;

  private final KafkaSettings kafka;
  private final Function<RedisConnection, EntryStore> entries;
  private final RedisTarget redis;
  private final TimeToLive lives;
  private final KeyFilter choice;
  private final Settings settings;
  private final CommandOptions options;
  private final Consumer<String> news;
  private final Clock clock;

  private final Map<Verdict, Long> verdicts =
      Collections.synchronizedMap(new EnumMap<>(Verdict.class));
  private long records;
  private long keyless;
  private long unreadable;
  private long gapped;
  private int rounds;

  /// @param leaseTtl how long a batch may take to read the topics' ends and fill
  /// @param memoryBytes for what is known of the keys, and again as much for states
  /// @param patience how long Redis may go on giving no answer
  /// @param target the argument that names another Redis, with a space before; empty without
  record Settings(Duration leaseTtl, long memoryBytes, Duration patience, String target) {}

  RebuildRun(
      KafkaSettings kafka,
      RedisTarget redis,
      Function<RedisConnection, EntryStore> entries,
      TimeToLive lives,
      KeyFilter choice,
      Settings settings,
      CommandOptions options,
      Consumer<String> news,
      Clock clock) {
    this.kafka = kafka;
    this.redis = redis;
    this.entries = entries;
    this.lives = lives;
    this.choice = choice;
    this.settings = settings;
    this.options = options;
    this.news = news;
    this.clock = clock;
  }

  @Override
  public Result run(Progress progress, StopRequest stopping) {
    try (RedisConnection connection = redis.open()) {
      EntryStore store = entries.apply(connection);
      VersionIndex index = new VersionIndex(settings.memoryBytes());
      RateLimit pace = new RateLimit(options.perSecond(), BATCH);
      while (true) {
        rounds++;
        round(store, index, pace, progress, stopping);
        if (index.hasAll()) {
          return result();
        }
        index = index.next();
      }
    }
  }

  private void round(
      EntryStore store,
      VersionIndex index,
      RateLimit pace,
      Progress progress,
      StopRequest stopping) {
    try (KafkaStates states =
        KafkaStates.open(kafka, choice, index, settings.memoryBytes(), clock, news)) {
      states.readAll(stopping, progress);
      records = states.records();
      keyless = states.keyless();
      unreadable = states.unreadable();
      RebuildFill fill =
          new RebuildFill(
              store,
              lives,
              settings.leaseTtl(),
              () -> states.readToEnd(stopping),
              states::isNewest);
      progress.begin(options.dryRun() ? "look" : "fill", "states", states.toGive());
      try {
        inParallel(
            () -> {
              List<Cacheable> batch = batch(states, pace, stopping);
              if (batch.isEmpty()) {
                return false;
              }
              new RetryingBatches(stopping, news, settings.patience())
                  .all(batch, options.dryRun() ? fill::lookup : fill::attempt)
                  .forEach(each -> verdicts.merge(each, 1L, Long::sum));
              progress.done(states.given());
              return true;
            });
      } finally {
        gapped += states.gapped();
      }
    }
  }

  private static List<Cacheable> batch(KafkaStates states, RateLimit pace, StopRequest stopping) {
    List<Cacheable> batch = new ArrayList<>();
    synchronized (pace) {
      int bytes = 0;
      while (batch.size() < pace.largestBatch() && bytes < BATCH_BYTES) {
        Optional<Cacheable> state = states.next(stopping);
        if (state.isEmpty()) {
          break;
        }
        batch.add(state.get());
        bytes += state.get().bytes();
      }
      pace.await(batch.size(), stopping);
      return batch;
    }
  }

  private interface Step {
    /// @return whether there is more to do
    boolean run();
  }

  /// Returns when all came to their end, and throws what the first of them threw.
  private static void inParallel(Step step) {
    AtomicBoolean failed = new AtomicBoolean();
    List<Future<?>> runs = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(BATCHES_AT_A_TIME)) {
      for (int i = 0; i < BATCHES_AT_A_TIME; i++) {
        runs.add(
            threads.submit(
                () -> {
                  try {
                    while (!failed.get() && step.run()) {}
                  } catch (RuntimeException e) {
                    failed.set(true);
                    throw e;
                  }
                }));
      }
    }
    for (Future<?> run : runs) {
      try {
        run.get();
      } catch (ExecutionException e) {
        throw e.getCause() instanceof RuntimeException fault
            ? fault
            : new IllegalStateException(e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new Stopped();
      }
    }
  }

  @Override
  public Result result() {
    long filled = count(Verdict.FILLED);
    long refreshed = count(Verdict.REFRESHED);
    long fresh = count(Verdict.ALREADY_FRESH);
    long beingFilled = count(Verdict.BEING_FILLED);
    long overtaken = count(Verdict.OVERTAKEN);
    Map<String, Object> json = new TreeMap<>();
    json.put("records", records);
    json.put("keyless", keyless);
    json.put("unreadable", unreadable);
    json.put("gapped", gapped);
    json.put("rounds", rounds);
    json.put("dryRun", options.dryRun());
    json.put("filled", filled);
    json.put("refreshed", refreshed);
    json.put("alreadyFresh", fresh);
    json.put("beingFilled", beingFilled);
    json.put("overtaken", overtaken);
    String words = options.dryRun() ? "would be " : "";
    StringBuilder text = new StringBuilder();
    text.append(
        "%,d records read; %,d keys %sfilled, %,d %srefreshed, %,d are fresh already"
            .formatted(records, filled, words, refreshed, words, fresh));
    append(text, ", %,d are being filled by somebody else", beingFilled);
    append(text, ", %,d left out because a newer state came", overtaken);
    append(text, ", %,d left out because versions before them are missing", gapped);
    append(text, ", %,d records cannot be read", unreadable);
    append(text, ", %,d records name no key", keyless);
    return new Result(ExitCode.OK, text.toString(), json);
  }

  private long count(Verdict verdict) {
    return verdicts.getOrDefault(verdict, 0L);
  }

  private static void append(StringBuilder text, String words, long count) {
    if (count > 0) {
      text.append(words.formatted(count));
    }
  }

  /// Returns the arguments to start again from the beginning: entries that are fresh by then are
  /// not touched.
  @Override
  public String resumption() {
    return (settings.target() + choice.arguments() + options.arguments()).strip();
  }
}
