package dev.tidemark.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.benchmarks.RedisMemory.Cost;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EvictionRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Measures the memory in Redis of a value, of a lease, and of an eviction that finds nothing,
/// beside a plain `SET` of the same payload with the same life. Nothing here depends on time.
@Command(
    name = "memory",
    description = "Memory in Redis of a value, a lease, and an eviction of a cold key.")
final class MemoryBenchmark extends Benchmark {

  /// Token of the same length as those of the library: 128 bits in base64.
  private static final String TOKEN = "A".repeat(22);

  private static final long VERSION = 42;
  private static final Duration LIFE = Duration.ofHours(1);
  private static final int EVICTIONS_AT_ONCE = 1000;

  @Option(
      names = "--payload",
      split = ",",
      defaultValue = "0,100,400,1000,4000",
      paramLabel = "BYTES",
      description = "Sizes of the values (${DEFAULT-VALUE}).")
  private List<Integer> payloads = List.of();

  @Option(
      names = "--entries",
      defaultValue = "100000",
      paramLabel = "N",
      description = "How many entries share the overhead (${DEFAULT-VALUE}).")
  private int entries;

  @Override
  Report run(Workbench bench) {
    String url = bench.redis().url();
    List<String> keys =
        Stream.generate(() -> "product:" + UUID.randomUUID()).limit(entries).toList();
    RedisMemory memory = new RedisMemory(url, keys);
    List<Row> rows = new ArrayList<>();
    for (int payload : payloads) {
      bench.say("values of %d B".formatted(payload));
      Cost plain = memory.ofEntry(new byte[payload]);
      Cost ours = memory.ofEntry(value(url, payload));
      rows.add(
          row("value", ours)
              .with("payload_bytes", payload)
              .with("plain_usage_bytes", plain.usage())
              .with("plain_share_bytes", plain.share())
              .with("ratio", ours.share() / plain.share()));
    }
    bench.say("leases");
    rows.add(row("lease", memory.ofEntry(lease(url))));
    bench.say("evictions of cold keys");
    // From a command's first call on, Redis keeps a histogram of its times.
    evict(url, keys.subList(0, 2));
    rows.add(row("cold eviction", new Cost(0, memory.share(() -> evict(url, keys)))));
    Row settings = new Row().with("entries", entries).with("allocator", memory.allocator());
    return new Report("memory", settings, rows);
  }

  private static Row row(String entry, Cost cost) {
    return new Row()
        .with("entry", entry)
        .with("usage_bytes", cost.usage())
        .with("share_bytes", cost.share());
  }

  /// Returns the bytes that the library stores for a payload.
  private static byte[] value(String url, int payload) {
    CachedValue value = new CachedValue.Present(VERSION, new byte[payload]);
    return stored(
        url,
        (store, key) -> {
          store.acquire(key, TOKEN, LIFE);
          store.fill(key, TOKEN, value, LIFE);
        });
  }

  private static byte[] lease(String url) {
    return stored(url, (store, key) -> store.acquire(key, TOKEN, LIFE));
  }

  private static byte[] stored(String url, BiConsumer<EntryStore, String> operation) {
    try (RedisConnection redis = Workbench.connect(url)) {
      String key = "product:" + UUID.randomUUID();
      operation.accept(redis.entries(), key);
      return redis.client().get(key.getBytes(UTF_8));
    }
  }

  private static void evict(String url, List<String> keys) {
    try (RedisConnection redis = Workbench.connect(url)) {
      EntryStore store = redis.entries();
      for (int from = 0; from < keys.size(); from += EVICTIONS_AT_ONCE) {
        store.evict(
            keys.subList(from, Math.min(keys.size(), from + EVICTIONS_AT_ONCE)).stream()
                .map(key -> new EvictionRequest(key, VERSION))
                .toList());
      }
    }
  }
}
