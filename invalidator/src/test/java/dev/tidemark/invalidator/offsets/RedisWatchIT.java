package dev.tidemark.invalidator.offsets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.redis.EvictionTrial;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.invalidator.settings.ReadinessReason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/// Reports of the watch about a primary before and after an event.
class RedisWatchIT {

  @TempDir Path dir;
  private RedisServer first;
  private RedisServer second;
  private RedisConnection connection;
  private final RedisWatch watch =
      new RedisWatch(new ReadinessReason("redis"), EvictionTrial.of(List.of("product")));

  @BeforeEach
  void start() throws Exception {
    first = RedisServer.start(dir.resolve("first"), 0, "--repl-diskless-sync-delay", "0");
    second = RedisServer.start(dir.resolve("second"), 0, "--repl-diskless-sync-delay", "0");
    connection = RedisConnection.open(first.url(), RedisSettings.defaults());
  }

  @AfterEach
  void stop() throws Exception {
    connection.close();
    second.close();
    first.close();
  }

  @Test
  void aFailoverThereAndBackBetweenTwoLooksIsSeen_H56() {
    follow(second, first);
    watch.look(connection);
    assertThat(watch.takeChange()).isEmpty();

    promote(second);
    follow(first, second);
    promote(first);
    follow(second, first);

    watch.look(connection);
    assertThat(watch.takeChange())
        .as("the first lost what it had and the second had not")
        .isPresent();
    watch.look(connection);
    assertThat(watch.takeChange()).isEmpty();
  }

  @Test
  void aFirstReplicaThatComesIsNoFailover() {
    watch.look(connection);

    follow(second, first);

    watch.look(connection);
    assertThat(watch.takeChange()).isEmpty();
  }

  private static void promote(RedisServer server) {
    try (Jedis admin = admin(server)) {
      admin.replicaofNoOne();
    }
  }

  private static void follow(RedisServer replica, RedisServer primary) {
    try (Jedis admin = admin(replica)) {
      admin.replicaof("127.0.0.1", primary.port());
      await("the replica is in step")
          .atMost(Duration.ofSeconds(60))
          .until(() -> admin.info("replication").contains("master_link_status:up"));
    }
  }

  private static Jedis admin(RedisServer server) {
    return new Jedis("127.0.0.1", server.port(), 10_000);
  }
}
