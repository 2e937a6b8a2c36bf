package dev.tidemark.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import redis.clients.jedis.Jedis;

/// Replicas of a Redis server, and sentinels that watch it.
public final class RedisReplication {

  /// Time after which another sentinel may try.
  private static final Duration FAILOVER_TIMEOUT = Duration.ofSeconds(3);

  private RedisReplication() {}

  /// Starts a replica of another server and returns when it answers. It may still lack data.
  public static RedisServer startReplica(Path dir, RedisServer primary, String... extraArguments) {
    List<String> arguments = new ArrayList<>(List.of(extraArguments));
    arguments.addAll(List.of("--replicaof", "127.0.0.1", Integer.toString(primary.port())));
    return RedisServer.start(dir, 0, arguments.toArray(String[]::new));
  }

  /// Starts a sentinel. Together with others it watches a primary, and promotes a replica when the
  /// primary is down.
  ///
  /// @param primaryName by which clients ask for the primary
  /// @param quorum how many sentinels must find the primary down
  /// @param downAfter how long the primary gives no answer until it counts as down
  public static RedisServer startSentinel(
      Path dir,
      String primaryName,
      RedisServer primary,
      int quorum,
      Duration downAfter,
      String... extraArguments) {
    Path file = dir.resolve("sentinel.conf");
    try {
      Files.createDirectories(dir);
      Files.writeString(
          file,
          """
          sentinel monitor %1$s 127.0.0.1 %2$d %3$d
          sentinel down-after-milliseconds %1$s %4$d
          sentinel failover-timeout %1$s %5$d
          """
              .formatted(
                  primaryName,
                  primary.port(),
                  quorum,
                  downAfter.toMillis(),
                  FAILOVER_TIMEOUT.toMillis()));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
    RedisServer sentinel =
        new RedisServer(
            "Redis sentinel",
            dir,
            dir.resolve("sentinel.log"),
            0,
            Optional.of(file),
            List.of(extraArguments));
    sentinel.start();
    return sentinel;
  }

  /// Returns when a replica of the server has everything that was written up to now.
  public static void awaitReplica(RedisServer primary) {
    long millis = RedisServer.START_TIMEOUT.toMillis();
    try (Jedis admin = new Jedis("127.0.0.1", primary.port(), (int) millis)) {
      // As a connection's first command, WAIT answers at once: it waits for what was written up to
      // the command before it.
      admin.ping();
      if (admin.waitReplicas(1, millis / 2) == 0) {
        throw new IllegalStateException(
            "no replica of Redis at port " + primary.port() + " caught up");
      }
    }
  }
}
