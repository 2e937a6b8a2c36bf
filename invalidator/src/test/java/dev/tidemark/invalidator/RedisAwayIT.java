package dev.tidemark.invalidator;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.cache.store.Offer;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.Ports;
import dev.tidemark.embedded.RedisServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Redis is away for a while and events accumulate: the invalidator, a process with little memory,
/// reports it, reads none of them ahead, and is done with them soon after Redis is back.
class RedisAwayIT {

  private static final int EVENTS = 60_000;
  private static final int BATCH = 1000;
  private static final int HALF = 2;
  private static final Duration AWAY = Duration.ofSeconds(7);
  private static final Duration TTL = Duration.ofMinutes(5);

  /// Memory of the invalidator. 60,000 records are about 90 MB.
  private static final String MEMORY = "-Xmx64m";

  /// Time for the start: the last attempt before Redis was back may have been a second ago, and the
  /// machine is busy.
  private static final Duration START = Duration.ofSeconds(30);

  private static final int MUCH_SLOWER = 3;

  @TempDir Path dir;

  @Test
  void backlogOfAnOutageIsDrainedAtTheUndisturbedRateAndNothingIsLost_H36() throws Exception {
    Awaitility.setDefaultTimeout(Duration.ofSeconds(60));
    String group = "away-" + UUID.randomUUID();
    try (KafkaServer kafka = KafkaServer.start(dir.resolve("kafka"), 0);
        RedisServer redis =
            RedisServer.start(
                dir.resolve("redis"), 0, "--appendonly", "yes", "--appendfsync", "no");
        RedisConnection connection =
            RedisConnection.open(
                redis.url(), RedisSettings.defaults().withTimeout(Duration.ofSeconds(5)));
        TestTopic topic = new TestTopic(kafka.bootstrapServers(), "product.events").create(3);
        HttpClient http = HttpClient.newHttpClient()) {
      EntryStore store = connection.entries();
      topic.publishMany(ids(), 1);
      int adminPort = Ports.free();
      Process invalidator = start(kafka, redis, group, adminPort);
      try {
        await().until(() -> topic.committed(group) > 0);
        Duration undisturbed = timeUntilCommitted(topic, group, EVENTS);

        for (int from = 0; from < EVENTS; from += BATCH) {
          fill(store, ids().skip(from).limit(BATCH).toList());
        }
        redis.kill();
        topic.publishMany(ids(), 2);
        await().until(() -> ready(http, adminPort).contains("evictions"));
        await().until(() -> ready(http, adminPort).contains("\"DOWN\""));
        long since = System.nanoTime();
        await().until(() -> System.nanoTime() - since > AWAY.toNanos());
        assertThat(topic.committed(group)).isEqualTo(EVENTS);

        redis.restart();
        Duration drained = timeUntilCommitted(topic, group, HALF * EVENTS);

        System.out.printf("undisturbed %s, after the outage %s%n", undisturbed, drained);
        assertThat(drained).isLessThan(undisturbed.multipliedBy(MUCH_SLOWER).plus(START));
        await().until(() -> ready(http, adminPort).contains("\"UP\""));
        assertThat(overHttp10(adminPort, "/health/ready")).startsWith("HTTP/1.1 200 ");
        assertThat(stale(store)).isEmpty();
        assertThat(invalidator.isAlive()).isTrue();
      } finally {
        invalidator.destroyForcibly().waitFor();
      }
    }
  }

  private static Stream<String> ids() {
    return IntStream.range(0, EVENTS).mapToObj(i -> "away" + i);
  }

  private static Duration timeUntilCommitted(TestTopic topic, String group, long records) {
    long begin = System.nanoTime();
    await()
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(() -> assertThat(topic.committed(group)).isEqualTo(records));
    return Duration.ofNanos(System.nanoTime() - begin);
  }

  private static void fill(EntryStore store, List<String> ids) {
    List<String> keys = ids.stream().map(id -> "product:" + id).toList();
    store.acquire(keys, "given", TTL);
    store.fill("given", keys.stream().map(key -> new Offer(key, value(), TTL)).toList());
  }

  private static CachedValue value() {
    return new CachedValue.Present(1, "v1".getBytes(UTF_8));
  }

  /// Returns the entries that an eviction would still find.
  private static List<String> stale(EntryStore store) {
    List<String> stale = new ArrayList<>();
    List<String> keys = ids().map(id -> "product:" + id).toList();
    for (int from = 0; from < keys.size(); from += BATCH) {
      List<String> some = keys.subList(from, from + BATCH);
      List<Outcome<Lookup>> found = store.lookup(some);
      for (int i = 0; i < some.size(); i++) {
        if (!found.get(i).equals(new Outcome.Applied<Lookup>(new Lookup.Miss()))) {
          stale.add(some.get(i));
        }
      }
    }
    return stale;
  }

  /// Sends a request like that of a load balancer.
  private static String overHttp10(int port, String path) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(60_000);
      socket.getOutputStream().write("GET %s HTTP/1.0\r\n\r\n".formatted(path).getBytes(US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), US_ASCII);
    }
  }

  private static String ready(HttpClient http, int adminPort)
      throws IOException, InterruptedException {
    URI address = URI.create("http://127.0.0.1:%d/health/ready".formatted(adminPort));
    return http.send(HttpRequest.newBuilder(address).build(), BodyHandlers.ofString()).body();
  }

  private Process start(KafkaServer kafka, RedisServer redis, String group, int adminPort)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                MEMORY,
                "-XX:+UseSerialGC",
                "-XX:+ExitOnOutOfMemoryError",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(dir.resolve("invalidator.out").toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers(),
                "KAFKA_PRODUCT_TOPIC", "product.events",
                "KAFKA_GROUP_ID", group,
                "REDIS_URL", redis.url(),
                "TIDEMARK_INVALIDATOR_ADMIN_PORT", Integer.toString(adminPort)));
    return builder.start();
  }
}
