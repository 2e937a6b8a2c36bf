package dev.tidemark.operator.replay;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.Eviction;
import dev.tidemark.cache.store.EvictionRequest;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.invalidation.EventReading;
import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidation.RedisTarget;
import dev.tidemark.operator.run.CommandOptions;
import dev.tidemark.operator.run.CommandRun;
import dev.tidemark.operator.run.CommandRun.Result;
import dev.tidemark.operator.run.KeyFilter;
import dev.tidemark.operator.run.Progress;
import dev.tidemark.operator.run.RateLimit;
import dev.tidemark.operator.run.RetryingBatches;
import dev.tidemark.operator.run.StopRequest;
import dev.tidemark.operator.topics.ScanStart;
import dev.tidemark.operator.topics.TopicScan;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import picocli.CommandLine.ExitCode;

/// Repeats the evictions of the topics, from a start to the ends that the topics have when it
/// begins.
///
/// It sends only evictions, and by version where the version can be trusted. So it can neither
/// bring back an old value nor remove a fresh one, whatever happens meanwhile. Records that break
/// the contract evict everything they name. They are dead letters already, and their versions are
/// not checked for gaps, because history may be compacted (H40).
final class ReplayRun implements CommandRun.Work {

  private static final int BATCH = 1000;

  private final KafkaSettings kafka;
  private final RedisTarget redis;
  private final ScanStart start;
  private final KeyFilter choice;
  private final CommandOptions options;
  private final Consumer<String> news;

  private final Map<Eviction, Long> evictions = new EnumMap<>(Eviction.class);
  private final Set<String> wouldChange = new HashSet<>();
  private long records;
  private long keyless;
  private volatile ScanStart position;

  /// Evictions that a batch of records asks for.
  private record Batch(Map<String, Long> byVersion, Set<String> byForce) {

    List<EvictionRequest> requests() {
      return byVersion.entrySet().stream()
          .map(entry -> new EvictionRequest(entry.getKey(), entry.getValue()))
          .toList();
    }

    List<String> keys() {
      return Stream.concat(byVersion.keySet().stream(), byForce.stream()).distinct().toList();
    }

    int size() {
      return byVersion.size() + byForce.size();
    }
  }

  ReplayRun(
      KafkaSettings kafka,
      RedisTarget redis,
      ScanStart start,
      KeyFilter choice,
      CommandOptions options,
      Consumer<String> news) {
    this.kafka = kafka;
    this.redis = redis;
    this.start = start;
    this.choice = choice;
    this.options = options;
    this.news = news;
    this.position = start;
  }

  @Override
  public Result run(Progress progress, StopRequest stopping) {
    RateLimit pace = new RateLimit(options.perSecond(), BATCH);
    try (TopicScan scan = TopicScan.open(kafka, start, news, pace.largestBatch());
        RedisConnection connection = redis.open()) {
      EntryStore entries = connection.entries();
      RetryingBatches batches = new RetryingBatches(stopping, news, RetryingBatches.PATIENCE);
      position = scan.position();
      progress.begin("replay", "records", scan.total());
      while (!scan.isAtEnd()) {
        List<ConsumerRecord<byte[], byte[]>> read = scan.next(stopping);
        Batch batch = batch(read);
        pace.await(batch.size(), stopping);
        apply(batch, entries, batches);
        records += read.size();
        position = scan.position();
        progress.done(scan.done());
      }
      return result();
    }
  }

  private Batch batch(List<ConsumerRecord<byte[], byte[]>> read) {
    Map<String, Long> byVersion = new LinkedHashMap<>();
    Set<String> byForce = new LinkedHashSet<>();
    for (ConsumerRecord<byte[], byte[]> record : read) {
      EventReading reading = EventReading.of(record);
      if (reading.keys().isEmpty()) {
        keyless++;
      }
      for (String key : reading.keys()) {
        if (!choice.contains(key)) {
          continue;
        }
        if (reading.byForce()) {
          byForce.add(key);
        } else {
          byVersion.merge(key, reading.version().orElseThrow(), Math::max);
        }
      }
    }
    return new Batch(byVersion, byForce);
  }

  private void apply(Batch batch, EntryStore entries, RetryingBatches batches) {
    if (options.dryRun()) {
      count(batch, batches.all(batch.keys(), entries::lookup));
    } else {
      count(batches.all(batch.requests(), entries::evict));
      count(batches.each(List.copyOf(batch.byForce()), key -> force(entries, key)));
    }
  }

  private static Eviction force(EntryStore entries, String key) {
    return entries.evictByForce(key) ? Eviction.EVICTED : Eviction.ABSENT;
  }

  private void count(List<Eviction> answers) {
    answers.forEach(answer -> evictions.merge(answer, 1L, Long::sum));
  }

  private void count(Batch batch, List<Lookup> found) {
    List<String> keys = batch.keys();
    for (int i = 0; i < keys.size(); i++) {
      long floor = batch.byVersion().getOrDefault(keys.get(i), Long.MAX_VALUE);
      if (found.get(i) instanceof Lookup.Hit(CachedValue value) && value.version() < floor) {
        wouldChange.add(keys.get(i));
      }
    }
  }

  @Override
  public Result result() {
    Map<String, Object> json = new TreeMap<>();
    json.put("records", records);
    json.put("keyless", keyless);
    json.put("dryRun", options.dryRun());
    String unread = keyless == 0 ? "" : ", %,d records name no key".formatted(keyless);
    if (options.dryRun()) {
      json.put("wouldEvict", wouldChange.size());
      return new Result(
          ExitCode.OK,
          "%,d records read; %,d keys would be evicted%s"
              .formatted(records, wouldChange.size(), unread),
          json);
    }
    long evicted = evictions.getOrDefault(Eviction.EVICTED, 0L);
    long fresh = evictions.getOrDefault(Eviction.ALREADY_FRESH, 0L);
    long absent = evictions.getOrDefault(Eviction.ABSENT, 0L);
    long raised = evictions.getOrDefault(Eviction.FLOOR_RAISED, 0L);
    json.put("evicted", evicted);
    json.put("alreadyFresh", fresh);
    json.put("absent", absent);
    json.put("floorRaised", raised);
    return new Result(
        ExitCode.OK,
        "%,d records read; %,d evicted, %,d already fresh, %,d absent, %,d floors of leases raised%s"
            .formatted(records, evicted, fresh, absent, raised, unread),
        json);
  }

  @Override
  public String resumption() {
    return "--from " + position + choice.arguments() + options.arguments();
  }
}
