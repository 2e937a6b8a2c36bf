package dev.tidemark.invalidator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.embedded.RedisServer;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;

/// Cuts a replica off from its primary while both live, and while clients and sentinels see both:
/// the primary no longer admits it. The replica is started with this user and password.
final class CuttableReplica {

  static final String USER = "replica";
  static final String PASSWORD = "secret";

  private CuttableReplica() {}

  /// Allows the replica. To be called before the replica is started.
  static void allow(RedisServer primary) {
    try (Jedis admin = admin(primary)) {
      admin.aclSetUser(USER, "on", ">" + PASSWORD, "+@all", "allkeys", "allchannels");
    }
  }

  static void cutOff(RedisServer primary, RedisServer replica) {
    try (Jedis first = admin(primary);
        Jedis second = admin(replica)) {
      first.aclSetUser(USER, "off");
      first.sendCommand(Protocol.Command.CLIENT, "KILL", "TYPE", "replica");
      await()
          .untilAsserted(
              () -> assertThat(second.info("replication")).contains("master_link_status:down"));
    }
  }

  private static Jedis admin(RedisServer server) {
    return new Jedis("127.0.0.1", server.port(), 10_000);
  }
}
