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

/// A look at a cache from outside: which keys there are, and what they hold. It changes nothing:
/// what cannot be read stays, other than with `EntryStore.lookup`. Thread-safe, but for each
/// [Scan].
///
/// Each method throws `EntryStoreException` when a server gives no answer.
public final class RedisInspection {

  private final UnifiedJedis client;
  private final CommandBatch batches;

  RedisInspection(UnifiedJedis client) {
    this.client = client;
    this.batches = new CommandBatch(client);
  }

  /// What a key was found to hold.
  public sealed interface Found {
    record Known(Lookup lookup) implements Found {}

    /// It was not written by this cache. To readers it is nothing.
    record Unreadable() implements Found {}
  }

  /// Reads many keys; outcomes are in their order.
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

  /// The key holds a list, a set or the like.
  static boolean isOfAnotherType(JedisException cause) {
    return cause instanceof JedisDataException
        && String.valueOf(cause.getMessage()).startsWith("WRONGTYPE");
  }

  /// How many keys there are, those of others included.
  public long size() {
    return asking(() -> RedisShard.all(client).stream().mapToLong(RedisShard::size).sum());
  }

  /// Draws keys, those of others included, each as likely as the next, nearly: Redis's `RANDOMKEY`.
  /// One may come again.
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

  /// Up or down by chance, so that it is right on average.
  private static int rounded(double number) {
    return (int) (number + ThreadLocalRandom.current().nextDouble());
  }

  /// Goes through all keys that begin so.
  public Scan scan(String prefix) {
    return new Scan(asking(() -> RedisShard.all(client)), prefix);
  }

  /// All keys that begin so and are there from beginning to end; one that comes or goes meanwhile,
  /// or moves to another node, may be told or not. A key may be told twice. Confined to one thread.
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

    /// The next keys, perhaps none. After an exception it goes on where it was.
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
