package dev.tidemark.cache.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.cache.redis.CommandBatch.Answer;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.cache.store.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;

/// A view of a cache for operators: its keys, and their contents. It changes nothing: unreadable
/// values stay, unlike with `EntryStore.lookup`. Thread-safe, except for each [Scan].
///
/// Each method throws `EntryStoreException` when a server gives no answer.
public final class RedisInspection {

  private final UnifiedJedis client;
  private final CommandBatch batches;

  RedisInspection(UnifiedJedis client) {
    this.client = client;
    this.batches = new CommandBatch(client);
  }

  /// Content of a key.
  public sealed interface Found {
    record Known(Lookup lookup) implements Found {}

    /// A value that this cache has not written. To readers it is nothing.
    record Unreadable() implements Found {}
  }

  /// Reads many keys. The outcomes are in their order.
  public List<Outcome<Found>> read(List<String> keys) {
    List<Answer<byte[]>> answers =
        batches.run(
            keys,
            (pipeline, key) -> pipeline.getrange(key.getBytes(UTF_8), 0, EntryCodec.LARGEST),
            key -> client.getrange(key.getBytes(UTF_8), 0, EntryCodec.LARGEST),
            RedisFault::isNoTimeout);
    return answers.stream().map(RedisInspection::found).toList();
  }

  private static Outcome<Found> found(Answer<byte[]> answer) {
    return switch (answer) {
      case Answer.Given<byte[]>(byte[] entry) -> new Outcome.Applied<>(decoded(entry));
      case Answer.NotGiven<byte[]>(JedisException cause) ->
          isOfAnotherType(cause)
              ? new Outcome.Applied<>(new Found.Unreadable())
              : new Outcome.Failed<>(RedisFault.exception("Redis gave no answer to a read", cause));
    };
  }

  private static Found decoded(byte @Nullable [] entry) {
    return entry == null || entry.length == 0
        ? new Found.Known(new Lookup.Miss())
        : EntryCodec.decode(entry).<Found>map(Found.Known::new).orElseGet(Found.Unreadable::new);
  }

  /// Returns whether the key holds a list, a set or the like.
  static boolean isOfAnotherType(JedisException cause) {
    return cause instanceof JedisDataException
        && String.valueOf(cause.getMessage()).startsWith("WRONGTYPE");
  }

  /// Returns the number of keys, including those of other programs.
  public long size() {
    return asking(() -> RedisShard.all(client).stream().mapToLong(RedisShard::size).sum());
  }

  /// Draws keys, including those of other programs, each with nearly the same probability: Redis's
  /// `RANDOMKEY`. A key may come again.
  ///
  /// @return so many, more or less; none when there are none
  public List<String> randomKeys(int count) {
    return asking(
        () -> {
          List<RedisShard> servers = RedisShard.all(client);
          List<Long> sizes = servers.stream().map(RedisShard::size).toList();
          long all = sizes.stream().mapToLong(size -> size).sum();
          List<String> drawn = new ArrayList<>();
          for (int i = 0; i < servers.size(); i++) {
            if (sizes.get(i) > 0) {
              int share = rounded((double) count * sizes.get(i) / all);
              drawn.addAll(servers.get(i).randomKeys(share));
            }
          }
          return drawn;
        });
  }

  /// Rounds up or down at random, so that the result is right on average.
  private static int rounded(double number) {
    return (int) (number + ThreadLocalRandom.current().nextDouble());
  }

  /// Returns a scan of all keys that begin with the prefix.
  public Scan scan(String prefix) {
    return new Scan(asking(() -> RedisShard.all(client)), prefix);
  }

  /// A scan of all keys that begin with the prefix and exist from beginning to end. A key that
  /// comes or goes meanwhile, or moves to another node, may be returned or not. A key may be
  /// returned twice. Confined to one thread.
  public static final class Scan {

    private static final String BEGIN = ScanParams.SCAN_POINTER_START;

    private final List<RedisShard> servers;
    private final String pattern;
    private int server;
    private String cursor = BEGIN;

    private Scan(List<RedisShard> servers, String prefix) {
      this.servers = servers;
      this.pattern = prefix.replaceAll("[\\\\*?\\[\\]]", "\\\\$0") + "*";
    }

    /// Returns the next keys, perhaps none. After an exception it continues where it was.
    ///
    /// @param about so many
    /// @return empty at the end
    public Optional<List<String>> next(int about) {
      if (server == servers.size()) {
        return Optional.empty();
      }
      ScanParams params = new ScanParams().match(pattern).count(about);
      ScanResult<String> page = asking(() -> servers.get(server).scan(cursor, params));
      cursor = page.getCursor();
      if (page.isCompleteIteration()) {
        server++;
        cursor = BEGIN;
      }
      return Optional.of(page.getResult());
    }
  }

  private static <T> T asking(Supplier<T> question) {
    try {
      return question.get();
    } catch (JedisException e) {
      throw RedisFault.exception("Redis did not tell its keys", e);
    }
  }
}
