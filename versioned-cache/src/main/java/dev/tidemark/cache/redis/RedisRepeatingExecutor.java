package dev.tidemark.cache.redis;

import java.time.Duration;
import java.util.function.Supplier;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.Connection;
import redis.clients.jedis.StaticCommandFlagsRegistry;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.executors.ClusterCommandExecutor;
import redis.clients.jedis.executors.CommandExecutor;
import redis.clients.jedis.providers.ClusterConnectionProvider;
import redis.clients.jedis.providers.ConnectionProvider;
import redis.clients.jedis.util.IOUtils;
import redis.clients.jedis.util.Pool;

/// Sends a command, and once more on a new connection if only the connection was at fault. The idle
/// connections, which will be no better, are dropped in between. Thread-safe.
///
/// So every command through it must be safe to run twice. A time-out is not repeated: a reader has
/// its source, and the sender of an eviction repeats it.
final class RedisRepeatingExecutor implements CommandExecutor {

  private final CommandExecutor once;
  private final ConnectionProvider provider;
  private volatile long droppedAtNanos = System.nanoTime();

  private RedisRepeatingExecutor(CommandExecutor once, ConnectionProvider provider) {
    this.once = once;
    this.provider = provider;
  }

  /// Returns an executor for a single server, or the primary behind sentinels.
  static RedisRepeatingExecutor of(ConnectionProvider provider) {
    return new RedisRepeatingExecutor(new OneServer(provider), provider);
  }

  /// Returns an executor for a cluster.
  ///
  /// @param attempts redirections included
  /// @param readTimeout no attempt begins later than this after the first: so a time-out is the end
  static RedisRepeatingExecutor ofCluster(
      ClusterConnectionProvider provider, int attempts, Duration readTimeout) {
    return new RedisRepeatingExecutor(
        new ClusterCommandExecutor(
            provider, attempts, readTimeout, StaticCommandFlagsRegistry.registry()),
        provider);
  }

  @Override
  public <T> T executeCommand(CommandObject<T> command) {
    return repeated(() -> once.executeCommand(command));
  }

  @Override
  public <T> T broadcastCommand(CommandObject<T> command) {
    return repeated(() -> once.broadcastCommand(command));
  }

  @Override
  public void close() {
    IOUtils.closeQuietly(once);
  }

  private <T> T repeated(Supplier<T> command) {
    long begunAtNanos = System.nanoTime();
    try {
      return command.get();
    } catch (JedisException e) {
      if (!RedisFault.isOfTheConnection(e)) {
        throw e;
      }
      // Commands that fail together drop the connections once, and not the new connections of each
      // other.
      if (begunAtNanos - droppedAtNanos > 0) {
        provider.getConnectionMap().values().forEach(RedisRepeatingExecutor::dropIdle);
        droppedAtNanos = System.nanoTime();
      }
      return command.get();
    }
  }

  private static void dropIdle(Object pool) {
    ((Pool<?>) pool).clear();
  }

  /// Drops a connection to a demoted primary: it works, and would go back to the pool.
  private record OneServer(ConnectionProvider provider) implements CommandExecutor {

    @Override
    public <T> T executeCommand(CommandObject<T> command) {
      try (Connection connection = provider.getConnection(command.getArguments())) {
        try {
          return connection.executeCommand(command);
        } catch (JedisDataException e) {
          if (RedisFault.isOfAReplica(e)) {
            connection.setBroken();
          }
          throw e;
        }
      }
    }

    @Override
    public void close() {
      IOUtils.closeQuietly(provider);
    }
  }
}
