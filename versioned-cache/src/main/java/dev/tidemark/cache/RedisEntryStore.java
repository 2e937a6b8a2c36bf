package dev.tidemark.cache;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.cache.CommandBatch.Answer;
import dev.tidemark.cache.EvictionOutcome.Applied;
import dev.tidemark.cache.EvictionOutcome.Failed;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/// The protocol on one Redis, on Redis Cluster, or on Redis behind sentinels (and Valkey): a plain
/// `GET`, and one single-key script per operation. Thread-safe, as the client is. The client stays
/// its creator's to close.
///
/// What a key holds that is no entry (written by somebody else) counts as nothing, and is deleted
/// by whatever comes upon it.
public final class RedisEntryStore implements EntryStore {

  private static final Logger log = LoggerFactory.getLogger(RedisEntryStore.class);

  private static final Script ACQUIRE = Script.load("acquire.lua");
  private static final Script FILL = Script.load("fill.lua");
  private static final Script EVICT = Script.load("evict.lua");
  private static final Script REFRESH = Script.load("refresh.lua");

  private final UnifiedJedis client;
  private final CommandBatch batches;

  public RedisEntryStore(UnifiedJedis client) {
    this.client = client;
    this.batches = new CommandBatch(client);
  }

  @Override
  public Lookup lookup(String key) {
    try {
      return decode(key, client.get(utf8(key)));
    } catch (JedisException e) {
      return notRead(key, e);
    }
  }

  @Override
  public List<Lookup> lookup(List<String> keys) {
    List<Answer<byte[]>> answers =
        batches.run(keys, (pipeline, key) -> pipeline.get(utf8(key)), key -> client.get(utf8(key)));
    return IntStream.range(0, keys.size())
        .mapToObj(
            i ->
                switch (answers.get(i)) {
                  case Answer.Given<byte[]> given -> decode(keys.get(i), given.value());
                  case Answer.NotGiven<byte[]>(JedisException cause) -> notRead(keys.get(i), cause);
                })
        .toList();
  }

  @Override
  public Acquisition acquire(String key, String token, Duration leaseTtl) {
    checkToken(token);
    Object answer =
        call("acquire", key, () -> ACQUIRE.run(client, utf8(key), ascii(token), millis(leaseTtl)));
    if (answer == null) {
      return new Acquisition.Acquired();
    }
    return switch (EntryCodec.decode((byte[]) answer).orElseThrow(() -> unexpected(key, answer))) {
      case Lookup.Hit(CachedValue value) -> new Acquisition.AlreadyCached(value);
      case Lookup.Filling(long floor) -> new Acquisition.BeingFilled(floor);
      case Lookup.Miss() -> throw unexpected(key, answer);
    };
  }

  @Override
  public FillResult fill(String key, String token, CachedValue value, Duration ttl) {
    checkToken(token);
    Object answer =
        call(
            "fill",
            key,
            () ->
                FILL.run(
                    client,
                    utf8(key),
                    ascii(token),
                    decimal(value.version()),
                    EntryCodec.encode(value),
                    millis(ttl)));
    return switch (answer) {
      case byte[] floor -> new FillResult.Superseded(Long.parseLong(new String(floor, US_ASCII)));
      case Long code when code == 1 -> new FillResult.Stored();
      case Long code when code == 0 -> new FillResult.LeaseLost();
      case null, default -> throw unexpected(key, answer);
    };
  }

  @Override
  public Eviction evict(String key, long version) {
    Versions.check(version, 0);
    return eviction(key, call("evict", key, () -> EVICT.run(client, utf8(key), decimal(version))));
  }

  @Override
  public List<EvictionOutcome> evict(List<EvictionRequest> batch) {
    List<Answer<Object>> answers =
        batches.run(
            batch,
            (pipeline, request) ->
                EVICT.append(pipeline, utf8(request.key()), decimal(request.version())),
            request -> EVICT.run(client, utf8(request.key()), decimal(request.version())));
    return IntStream.range(0, batch.size())
        .mapToObj(i -> outcome(batch.get(i).key(), answers.get(i)))
        .toList();
  }

  @Override
  public RefreshResult refresh(String key, CachedValue value, Duration ttl) {
    Object answer =
        call(
            "refresh",
            key,
            () ->
                REFRESH.run(
                    client,
                    utf8(key),
                    decimal(value.version()),
                    EntryCodec.encode(value),
                    millis(ttl)));
    return switch (answer) {
      case Long code when code == 0 -> RefreshResult.ABSENT;
      case Long code when code == 1 -> RefreshResult.REFRESHED;
      case Long code when code == 2 -> RefreshResult.ALREADY_FRESH;
      case Long code when code == 3 -> RefreshResult.FLOOR_RAISED;
      case null, default -> throw unexpected(key, answer);
    };
  }

  @Override
  public boolean evictByForce(String key) {
    try {
      return client.del(utf8(key)) > 0;
    } catch (JedisException e) {
      throw failed("evict by force", key, e);
    }
  }

  private Lookup decode(String key, byte @Nullable [] entry) {
    if (entry == null) {
      return new Lookup.Miss();
    }
    return EntryCodec.decode(entry).orElseGet(() -> dropUnreadable(key));
  }

  private Lookup notRead(String key, JedisException cause) {
    if (cause instanceof JedisDataException
        && String.valueOf(cause.getMessage()).startsWith("WRONGTYPE")) {
      return dropUnreadable(key);
    }
    throw failed("lookup", key, cause);
  }

  private Lookup dropUnreadable(String key) {
    log.atWarn().addKeyValue("key", key).log("dropped what was not written by this cache");
    evictByForce(key);
    return new Lookup.Miss();
  }

  private static EvictionOutcome outcome(String key, Answer<Object> answer) {
    return switch (answer) {
      case Answer.Given<Object> given -> new Applied(eviction(key, given.value()));
      case Answer.NotGiven<Object>(JedisException cause) -> new Failed(failed("evict", key, cause));
    };
  }

  private static Eviction eviction(String key, @Nullable Object answer) {
    return switch (answer) {
      case Long code when code == 0 -> Eviction.ABSENT;
      case Long code when code == 1 -> Eviction.EVICTED;
      case Long code when code == 2 -> Eviction.ALREADY_FRESH;
      case Long code when code == 3 -> Eviction.FLOOR_RAISED;
      case null, default -> throw unexpected(key, answer);
    };
  }

  private static @Nullable Object call(
      String operation, String key, Supplier<@Nullable Object> script) {
    try {
      return script.get();
    } catch (JedisException e) {
      throw failed(operation, key, e);
    }
  }

  private static EntryStoreException failed(String operation, String key, JedisException cause) {
    return new EntryStoreException(
        "Redis gave no answer to " + operation + " of " + key + ": " + cause.getMessage(), cause);
  }

  private static IllegalStateException unexpected(String key, @Nullable Object answer) {
    return new IllegalStateException("a script gave an unknown answer for " + key + ": " + answer);
  }

  private static void checkToken(String token) {
    if (!Tokens.isValid(token)) {
      throw new IllegalArgumentException("a token is 1 to 64 of [A-Za-z0-9_-], not " + token);
    }
  }

  private static byte[] utf8(String key) {
    return key.getBytes(UTF_8);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(US_ASCII);
  }

  private static byte[] decimal(long version) {
    return ascii(Long.toString(version));
  }

  private static byte[] millis(Duration time) {
    if (time.toMillis() < 1) {
      throw new IllegalArgumentException("a life of " + time + " is shorter than 1 ms");
    }
    return decimal(time.toMillis());
  }
}
