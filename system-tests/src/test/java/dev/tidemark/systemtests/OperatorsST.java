package dev.tidemark.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.RedisClient;

/// Operators' commands beside a live system under continuous writes.
class OperatorsST {

  private static final Duration SOON = Duration.ofSeconds(60);
  private static final Duration LONG = Duration.ofMinutes(2);
  private static final int PRODUCTS = 200;

  /// Number of products that nobody reads, so that something must be rebuilt.
  private static final int COLD = 50;

  private static final String TOPIC = "product.events";
  private static final String GROUP = "tidemark-invalidator";

  @TempDir static Path folder;
  private static StackProcess stack;
  private static Shop shop;
  private static Truth truth;

  @BeforeAll
  static void up() {
    stack = StackProcess.up(folder.resolve("stack"));
    shop = new Shop(stack);
    truth = new Truth(stack.env());
  }

  @AfterAll
  static void down() {
    stack.close();
  }

  /// Compares the entries in Redis with what the invalidators have applied, until it is closed.
  private static final class Watch implements AutoCloseable {
    private static final Duration PAUSE = Duration.ofMillis(5);

    private final AtomicBoolean stopped = new AtomicBoolean();
    private final AtomicLong compared = new AtomicLong();
    private final List<String> stale = new ArrayList<>();
    private final CompletableFuture<Void> watch =
        CompletableFuture.runAsync(
            this::watch, task -> Thread.ofPlatform().name("watch").start(task));

    private void watch() {
      Map<String, String> env = stack.env();
      try (var applied = new AppliedVersions(env.get("KAFKA_BOOTSTRAP_SERVERS"), TOPIC, GROUP);
          var redis = RedisClient.create(env.get("REDIS_URL"))) {
        while (!stopped.get()) {
          var versions = List.copyOf(applied.now().entrySet());
          var keys = versions.stream().map(entry -> "product:" + entry.getKey());
          var entries =
              versions.isEmpty() ? List.<String>of() : redis.mget(keys.toArray(String[]::new));
          for (int n = 0; n < versions.size(); n++) {
            compare(versions.get(n), entries.get(n));
          }
          LockSupport.parkNanos(PAUSE.toNanos());
        }
      } catch (ExecutionException | InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    private void compare(Map.Entry<String, Long> applied, @Nullable String cached) {
      if (cached != null && !cached.startsWith("L")) {
        compared.incrementAndGet();
        long version = Long.parseLong(cached.substring(1, cached.indexOf('\n')));
        if (version < applied.getValue()) {
          stale.add(
              "%s is cached at %d, applied is %d"
                  .formatted(applied.getKey(), version, applied.getValue()));
        }
      }
    }

    @Override
    public void close() {
      stopped.set(true);
      watch.join();
      assertThat(stale).as("reads below what was applied").isEmpty();
      assertThat(compared.get()).as("entries looked at").isPositive();
    }
  }

  @Test
  void besideConstantWritesNoneOfThemMakesAReadStale_H42() throws Exception {
    for (int n = 0; n < COLD; n++) {
      shop.put("cold-" + n, Shop.json("Cold", "1"));
    }
    try (var work = shop.randomWork(PRODUCTS);
        var _ = new Watch();
        var redis = RedisClient.create(stack.env().get("REDIS_URL"))) {
      await().atMost(SOON).until(() -> work.steps() > 1_000);
      for (int round = 0; round < 3; round++) {
        assertThat(run("replay", "--from", "beginning", "--json").out())
            .contains("\"interrupted\":false");
        IntStream.range(0, COLD).forEach(n -> redis.del("product:cold-" + n));
        assertThat(run("rebuild", "--json").out()).doesNotContain("\"filled\":0,");
        assertThat(run("audit", "--all", "--json").out())
            .contains("\"stale\":0")
            .doesNotContain("\"fresh\":0,");
      }
    }
    truth.assertSettledAndTrue();
  }

  @Test
  void interruptedByCtrlCItTellsHowToGoOn() throws Exception {
    for (int n = 0; n < 300; n++) {
      shop.put("many-" + n, Shop.json("Many", "1"));
    }
    var slow = start("replay", "--from", "beginning", "--prefix", "many-", "--rate", "50/s");
    await().atMost(SOON).until(() -> slow.err().contains("left"));
    slow.interrupt();
    var interrupted = slow.await(SOON);

    assertThat(interrupted.code()).as(interrupted.err()).isEqualTo(130);
    var hint = Pattern.compile("go on with: replay (.*)").matcher(interrupted.err());
    assertThat(hint.find()).as(interrupted.err()).isTrue();
    var rest = hint.group(1).replace(" --rate 50/s", "") + " --json";
    assertThat(rest).contains("--prefix many-").doesNotContain("beginning");
    assertThat(run(("replay " + rest).split(" ")).out()).contains("\"interrupted\":false");
  }

  private static CommandProcess.Result run(String... arguments) {
    var result = start(arguments).await(LONG);
    assertThat(result.code()).as(String.join(" ", arguments) + ": " + result.err()).isZero();
    return result;
  }

  private static CommandProcess start(String... arguments) {
    return CommandProcess.start(folder, stack.env(), "operator", arguments);
  }
}
