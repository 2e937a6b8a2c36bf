package dev.tidemark.cache.interleavings;

import dev.tidemark.cache.redis.ProtocolScripts;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import dev.tidemark.embedded.RedisServer;
import java.nio.file.Path;
import java.time.Duration;

/// A Redis to explore in, with a patient connection: a pipeline of thousands may take long.
record ExplorerRedis(RedisServer server, RedisConnection connection) implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  static ExplorerRedis start(Path dir) {
    RedisServer server = RedisServer.start(dir, 0);
    return new ExplorerRedis(
        server,
        RedisConnection.open(server.url(), new RedisSettings(PATIENCE, PATIENCE, PATIENCE, 1)));
  }

  Explorer explorer(ProtocolScripts protocol) {
    return new Explorer(connection.client(), protocol);
  }

  @Override
  public void close() {
    connection.close();
    server.close();
  }
}
