package dev.tidemark.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClient;

class RedisServerIT {
  @TempDir Path dir;

  @Test
  void anAppendOnlyFileKeepsTheDataThroughAKill() {
    try (RedisServer server =
        RedisServer.start(dir, 0, "--appendonly", "yes", "--appendfsync", "always")) {
      set(server, "kept");
      server.kill();
      assertThat(server.isAlive()).isFalse();
      server.restart();
      assertThat(get(server)).isEqualTo("kept");

      server.restart();
      assertThat(get(server)).isEqualTo("kept");
    }
  }

  @Test
  void withoutArgumentsNothingIsKept() {
    try (RedisServer server = RedisServer.start(dir, 0)) {
      set(server, "lost");
      server.restart();
      assertThat(get(server)).isNull();
    }
  }

  @Test
  void aSentinelWatchesAPrimaryAndItsReplica() {
    try (RedisServer primary = RedisServer.start(dir.resolve("primary"), 0);
        RedisServer replica = RedisReplication.startReplica(dir.resolve("replica"), primary);
        RedisServer sentinel =
            RedisReplication.startSentinel(
                dir.resolve("sentinel"), "main", primary, 1, Duration.ofSeconds(5));
        Jedis client = new Jedis("127.0.0.1", sentinel.port())) {
      assertThat(client.sentinelGetMasterAddrByName("main"))
          .containsExactly("127.0.0.1", Integer.toString(primary.port()));
      try (Jedis follower = new Jedis("127.0.0.1", replica.port())) {
        assertThat(follower.info("replication")).contains("master_port:" + primary.port());
      }
    }
  }

  @Test
  void aPortInUseIsNamed() throws Exception {
    try (ServerSocket other = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      assertThatThrownBy(() -> RedisServer.start(dir, other.getLocalPort()))
          .isInstanceOf(PortInUseException.class)
          .hasMessageContaining("; Redis needs it");
    }
  }

  @Test
  void aFailedStartShowsTheEndOfTheLog() {
    assertThatThrownBy(() -> RedisServer.start(dir, 0, "--no-such-option", "1"))
        .isInstanceOf(ServerStartException.class)
        .hasMessageContaining("no-such-option");
  }

  @Test
  void closeLeavesNoProcess() {
    RedisServer server = RedisServer.start(dir, 0);
    ProcessHandle process = ProcessHandle.of(server.pid()).orElseThrow();
    server.close();
    assertThat(process.isAlive()).isFalse();
  }

  private static void set(RedisServer server, String value) {
    try (RedisClient client = RedisClient.create("127.0.0.1", server.port())) {
      client.set("key", value);
    }
  }

  private static String get(RedisServer server) {
    try (RedisClient client = RedisClient.create("127.0.0.1", server.port())) {
      return client.get("key");
    }
  }
}
