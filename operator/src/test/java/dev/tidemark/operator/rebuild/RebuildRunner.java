package dev.tidemark.operator.rebuild;

import dev.tidemark.cache.CacheSettings;
import dev.tidemark.cache.TimeToLive;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidation.RedisTarget;
import dev.tidemark.invalidator.HookedStore;
import dev.tidemark.operator.run.CommandOptions;
import dev.tidemark.operator.run.CommandRun.Result;
import dev.tidemark.operator.run.KeyFilter;
import dev.tidemark.operator.run.Progress;
import dev.tidemark.operator.run.StopRequest;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Runs a rebuild in this JVM, with parts and settings of a test's choice.
final class RebuildRunner {

  private final KafkaSettings kafka;
  private final RedisTarget redis;
  private UnaryOperator<EntryStore> around = store -> store;
  private Duration leaseTtl = Duration.ofSeconds(30);
  private Duration patience = Duration.ofSeconds(20);
  private long memory = 64 << 20;
  final StopRequest stopping = new StopRequest();
  final List<String> news = new ArrayList<>();

  RebuildRunner(String bootstrapServers, String topic, String redisUrl) {
    this.kafka = new KafkaSettings(Map.of("bootstrap.servers", bootstrapServers), List.of(topic));
    this.redis = new RedisTarget(redisUrl, Duration.ofSeconds(2));
  }

  RebuildRunner before(String operation, Runnable hook) {
    around = store -> HookedStore.before(operation, hook, store);
    return this;
  }

  RebuildRunner leaseTtl(Duration time) {
    leaseTtl = time;
    return this;
  }

  RebuildRunner patience(Duration time) {
    patience = time;
    return this;
  }

  RebuildRunner memory(long bytes) {
    memory = bytes;
    return this;
  }

  Result run() {
    return new RebuildRun(
            kafka,
            redis,
            connection -> around.apply(connection.entries()),
            TimeToLive.ofMany(CacheSettings.defaults()),
            new KeyFilter(List.of(), Optional.empty()),
            new RebuildRun.Settings(leaseTtl, memory, patience, ""),
            new CommandOptions(),
            line -> {
              synchronized (news) {
                news.add(line);
              }
            },
            Clock.systemUTC())
        .run(new Progress(), stopping);
  }
}
