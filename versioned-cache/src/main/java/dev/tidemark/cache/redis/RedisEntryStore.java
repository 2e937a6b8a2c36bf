package dev.tidemark.cache.redis;

import static dev.tidemark.cache.redis.ScriptOperations.call;
import static dev.tidemark.cache.redis.ScriptOperations.failed;
import static dev.tidemark.cache.redis.ScriptOperations.outcome;
import static dev.tidemark.cache.redis.ScriptOperations.outcomes;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.cache.redis.CommandBatch.Answer;
import dev.tidemark.cache.redis.ScriptOperations.Operation;
import dev.tidemark.cache.store.Acquisition;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.Eviction;
import dev.tidemark.cache.store.EvictionRequest;
import dev.tidemark.cache.store.FillResult;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.cache.store.Offer;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.cache.store.Outcome.Applied;
import dev.tidemark.cache.store.Outcome.Failed;
import dev.tidemark.cache.store.PayloadRule;
import dev.tidemark.cache.store.RefreshResult;
import dev.tidemark.cache.store.Tokens;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.SetParams;
import redis.clients.jedis.util.JedisClusterCRC16;

/// The protocol on one Redis, on Redis Cluster, or on Redis behind sentinels (and Valkey): a plain
/// `GETRANGE` of as many bytes as an entry may have, and one single-key script per operation.
/// Thread-safe, as the client is. The creator of the client closes it.
///
/// In a batch a plain command replaces the script: it takes a lease where nothing is stored, and
/// detects that there is nothing to evict.
///
/// A value that is no entry (written by another program) counts as nothing, and is deleted by any
/// operation that finds it.
public final class RedisEntryStore implements EntryStore {

  private static final Logger log = LoggerFactory.getLogger(RedisEntryStore.class);

  private static final Script ACQUIRE = Script.load("acquire.lua");
  private static final Script FILL = Script.load("fill.lua");
  private static final Script RELEASE = Script.load("release.lua");
  private static final Script EVICT = Script.load("evict.lua");
  private static final Script REFRESH = Script.load("refresh.lua");
  private static final Script PROLONG = Script.load("prolong.lua");
  private static final Script REMOVE = Script.load("remove.lua");

  private static final byte[] NOTHING = {};

  /// Answer of `PTTL` for a key that does not exist.
  private static final long NOTHING_THERE = -2;

  private static final Outcome<Eviction> ABSENT = new Applied<>(Eviction.ABSENT);

  private static final int CLUSTER_SLOTS = 16_384;

  /// Number of groups of slots. Neighbouring slots are mostly on the same node of a cluster: this
  /// many groups distinguish the nodes, though two nodes may share some groups.
  private static final int CLUSTER_SHARDS = 64;

  private final UnifiedJedis client;
  private final PayloadRule rule;
  private final CommandBatch batches;
  private final ScriptOperations scripts;

  /// Tells whether a look at the keys of a batch of evictions saves more than it costs, which holds
  /// while most of them hold nothing.
  private volatile boolean looksFirst = true;

  public RedisEntryStore(UnifiedJedis client) {
    this(client, PayloadRule.any());
  }

  /// @param rule what a value must keep to be an entry
  public RedisEntryStore(UnifiedJedis client, PayloadRule rule) {
    this.client = client;
    this.rule = rule;
    this.batches = new CommandBatch(client);
    this.scripts = new ScriptOperations(client, batches);
  }

  @Override
  public Lookup lookup(String key) {
    try {
      return decode(key, client.getrange(utf8(key), 0, EntryCodec.LARGEST));
    } catch (JedisException e) {
      return notRead(key, e);
    }
  }

  @Override
  public List<Outcome<Lookup>> lookup(List<String> keys) {
    if (keys.size() == 1) {
      return List.of(outcome(() -> lookup(keys.getFirst())));
    }
    List<Answer<byte[]>> answers =
        batches.run(
            keys,
            (pipeline, key) -> pipeline.getrange(utf8(key), 0, EntryCodec.LARGEST),
            key -> client.getrange(utf8(key), 0, EntryCodec.LARGEST),
            RedisFault::isNoTimeout);
    return outcomes(
        keys,
        answers,
        (key, answer) ->
            switch (answer) {
              case Answer.Given<byte[]> given -> decode(key, given.value());
              case Answer.NotGiven<byte[]>(JedisException cause) -> notRead(key, cause);
            });
  }

  @Override
  public List<Outcome<Acquisition>> acquire(List<String> keys, String token, Duration leaseTtl) {
    if (keys.size() == 1) {
      return scripts.run(List.of(acquiring(keys.getFirst(), token, leaseTtl)));
    }
    List<Answer<String>> taken = acquireIfAbsent(keys, token, leaseTtl);
    int[] held = IntStream.range(0, keys.size()).filter(i -> isNull(taken.get(i))).toArray();
    List<Outcome<Acquisition>> asked =
        scripts.run(
            Arrays.stream(held).mapToObj(i -> acquiring(keys.get(i), token, leaseTtl)).toList(),
            RedisFault::isAnswered);
    List<Outcome<Acquisition>> all =
        new ArrayList<>(
            outcomes(
                keys,
                taken,
                (key, answer) ->
                    switch (answer) {
                      case Answer.Given<String> _ -> new Acquisition.Acquired();
                      case Answer.NotGiven<String>(JedisException cause) ->
                          throw failed("acquire", key, cause);
                    }));
    for (int i = 0; i < held.length; i++) {
      all.set(held[i], asked.get(i));
    }
    return all;
  }

  /// Takes leases as the script does where nothing is stored, which is the usual case when many
  /// keys are filled, at half of the cost to Redis. A null answer means that something is there,
  /// and the script must check it.
  ///
  /// It is not sent again where the first may still be on its way: carried out after the source was
  /// read, it would bring back a lease that was lost meanwhile, and its old fill would be stored.
  private List<Answer<String>> acquireIfAbsent(List<String> keys, String token, Duration leaseTtl) {
    checkToken(token);
    byte[] lease = EntryCodec.lease(token);
    SetParams ifNothingIs = SetParams.setParams().nx().px(life(leaseTtl));
    return batches.run(
        keys,
        (pipeline, key) -> pipeline.set(utf8(key), lease, ifNothingIs),
        key -> client.set(utf8(key), lease, ifNothingIs),
        RedisFault::isAnswered);
  }

  private static boolean isNull(Answer<String> answer) {
    return answer instanceof Answer.Given<String> given && given.value() == null;
  }

  private Operation<Acquisition> acquiring(String key, String token, Duration leaseTtl) {
    checkToken(token);
    return new Operation<>(
        "acquire",
        key,
        ACQUIRE.on(utf8(key), ascii(token), millis(leaseTtl), decimal(EntryCodec.LARGEST + 1L)),
        answer -> {
          if (answer == null) {
            return new Acquisition.Acquired();
          }
          return switch (decode(key, (byte[]) answer)) {
            case Lookup.Hit(CachedValue value) -> new Acquisition.AlreadyCached(value);
            case Lookup.Filling(long floor) -> new Acquisition.BeingFilled(floor);
            // The key held no entry, and that is gone. The caller asks again.
            case Lookup.Miss() -> new Acquisition.BeingFilled(0);
          };
        });
  }

  @Override
  public List<Outcome<FillResult>> fill(String token, List<Offer> batch) {
    return scripts.run(batch.stream().map(offer -> filling(token, offer)).toList());
  }

  private static Operation<FillResult> filling(String token, Offer offer) {
    checkToken(token);
    if (!offer.value().isStorable()) {
      return new Operation<>(
          "fill",
          offer.key(),
          RELEASE.on(utf8(offer.key()), ascii(token)),
          answer -> new FillResult.LeaseLost());
    }
    return new Operation<>(
        "fill",
        offer.key(),
        FILL.on(
            utf8(offer.key()),
            ascii(token),
            decimal(offer.value().version()),
            EntryCodec.encode(offer.value()),
            millis(offer.ttl())),
        answer ->
            switch (answer) {
              case byte[] floor ->
                  new FillResult.Superseded(Long.parseLong(new String(floor, US_ASCII)));
              case Long code when code == 1 -> new FillResult.Stored();
              case Long code when code == 0 -> new FillResult.LeaseLost();
              case null, default -> throw unexpected(offer.key(), answer);
            });
  }

  @Override
  public boolean release(String key, String token) {
    checkToken(token);
    return scripts.run(yesOrNo("release", key, RELEASE.on(utf8(key), ascii(token))));
  }

  @Override
  public Eviction evict(String key, long version) {
    return scripts.run(evicting(new EvictionRequest(key, version)));
  }

  @Override
  public List<Outcome<Eviction>> evict(List<EvictionRequest> batch) {
    List<Outcome<Eviction>> outcomes =
        looksFirst && batch.size() > 1 ? evictWhatIsThere(batch) : evictAll(batch);
    looksFirst = outcomes.stream().filter(ABSENT::equals).count() > batch.size() / 2;
    return outcomes;
  }

  private List<Outcome<Eviction>> evictAll(List<EvictionRequest> batch) {
    return scripts.run(batch.stream().map(RedisEntryStore::evicting).toList());
  }

  /// Evicts after a look at each key that costs Redis a sixth of the script. The look is a write
  /// that writes nothing, and not a read: a primary that was demoted and does not know it would
  /// answer a read.
  private List<Outcome<Eviction>> evictWhatIsThere(List<EvictionRequest> batch) {
    List<Answer<Long>> lengths =
        batches.run(
            batch,
            (pipeline, request) -> pipeline.setrange(utf8(request.key()), 0, NOTHING),
            request -> client.setrange(utf8(request.key()), 0, NOTHING),
            _ -> false);
    List<Optional<Outcome<Eviction>>> seen =
        IntStream.range(0, batch.size()).mapToObj(i -> seen(batch.get(i), lengths.get(i))).toList();
    Iterator<Outcome<Eviction>> evicted =
        evictAll(
                IntStream.range(0, batch.size())
                    .filter(i -> seen.get(i).isEmpty())
                    .mapToObj(batch::get)
                    .toList())
            .iterator();
    return seen.stream().map(outcome -> outcome.orElseGet(evicted::next)).toList();
  }

  /// Returns the outcome; empty where the script must run, also where the look was refused, as it
  /// is when Redis may take no more memory.
  private static Optional<Outcome<Eviction>> seen(EvictionRequest request, Answer<Long> length) {
    return switch (length) {
      case Answer.Given<Long>(Long bytes) when bytes != null && bytes == 0 -> Optional.of(ABSENT);
      case Answer.NotGiven<Long>(JedisException cause) when !RedisFault.isNoTimeout(cause) ->
          Optional.of(new Failed<>(failed("evict", request.key(), cause)));
      default -> Optional.empty();
    };
  }

  private static Operation<Eviction> evicting(EvictionRequest request) {
    return new Operation<>(
        "evict",
        request.key(),
        EVICT.on(utf8(request.key()), decimal(request.version())),
        answer ->
            switch (answer) {
              case Long code when code == 0 -> Eviction.ABSENT;
              case Long code when code == 1 -> Eviction.EVICTED;
              case Long code when code == 2 -> Eviction.ALREADY_FRESH;
              case Long code when code == 3 -> Eviction.FLOOR_RAISED;
              case null, default -> throw unexpected(request.key(), answer);
            });
  }

  @Override
  public RefreshResult refresh(String key, CachedValue value, Duration ttl) {
    return scripts.run(refreshing(new Offer(key, value, ttl)));
  }

  @Override
  public List<Outcome<RefreshResult>> refresh(List<Offer> batch) {
    return scripts.run(batch.stream().map(RedisEntryStore::refreshing).toList());
  }

  private static Operation<RefreshResult> refreshing(Offer offer) {
    if (!offer.value().isStorable()) {
      Operation<Eviction> eviction =
          evicting(new EvictionRequest(offer.key(), offer.value().version()));
      return new Operation<>(
          "refresh",
          offer.key(),
          eviction.script(),
          answer ->
              switch (eviction.meaning().apply(answer)) {
                case ABSENT, EVICTED -> RefreshResult.ABSENT;
                case ALREADY_FRESH -> RefreshResult.ALREADY_FRESH;
                case FLOOR_RAISED -> RefreshResult.FLOOR_RAISED;
              });
    }
    return new Operation<>(
        "refresh",
        offer.key(),
        REFRESH.on(
            utf8(offer.key()),
            decimal(offer.value().version()),
            EntryCodec.encode(offer.value()),
            millis(offer.ttl())),
        answer ->
            switch (answer) {
              case Long code when code == 0 -> RefreshResult.ABSENT;
              case Long code when code == 1 -> RefreshResult.REFRESHED;
              case Long code when code == 2 -> RefreshResult.ALREADY_FRESH;
              case Long code when code == 3 -> RefreshResult.FLOOR_RAISED;
              case null, default -> throw unexpected(offer.key(), answer);
            });
  }

  @Override
  public boolean prolong(String key, long version, Duration ttl) {
    return scripts.run(
        yesOrNo("prolong", key, PROLONG.on(utf8(key), decimal(version), millis(ttl))));
  }

  private static Operation<Boolean> yesOrNo(String name, String key, Script.Call script) {
    return new Operation<>(name, key, script, answer -> Long.valueOf(1).equals(answer));
  }

  @Override
  public Optional<Duration> remainingLife(String key) {
    long millis = call("ask the life", key, () -> client.pttl(utf8(key)));
    return millis == NOTHING_THERE
        ? Optional.empty()
        : Optional.of(Duration.ofMillis(Math.max(0, millis)));
  }

  @Override
  public boolean evictByForce(String key) {
    return call("evict by force", key, () -> client.del(utf8(key))) > 0;
  }

  @Override
  public boolean evictSeen(String key, CachedValue seen) {
    return remove(key, EntryCodec.encode(seen));
  }

  private boolean remove(String key, byte[] entry) {
    return scripts.run(yesOrNo("remove", key, REMOVE.on(utf8(key), entry)));
  }

  /// Runs the script of an eviction that changes nothing on each shard.
  ///
  /// @param key of no aggregate; where there are several shards, a number is put behind it
  void tryEviction(String key) {
    if (shards() == 1) {
      evict(key, 0);
      return;
    }
    Map<Integer, String> keys = new HashMap<>();
    for (int i = 0; keys.size() < shards(); i++) {
      keys.putIfAbsent(shardOf(key + i), key + i);
    }
    // A node that is silent is not asked again for each of its keys.
    scripts
        .run(
            keys.values().stream().map(each -> evicting(new EvictionRequest(each, 0))).toList(),
            RedisFault::isAnswered)
        .forEach(Outcome::orThrow);
  }

  @Override
  public int shards() {
    return client instanceof RedisClusterClient ? CLUSTER_SHARDS : 1;
  }

  @Override
  public int shardOf(String key) {
    return shards() == 1
        ? 0
        : JedisClusterCRC16.getSlot(utf8(key)) * CLUSTER_SHARDS / CLUSTER_SLOTS;
  }

  private Lookup decode(String key, byte @Nullable [] entry) {
    if (entry == null || entry.length == 0) {
      return new Lookup.Miss();
    }
    return EntryCodec.decode(entry)
        .filter(found -> isAllowed(key, found))
        .orElseGet(
            () -> {
              logDropped(key);
              if (entry.length > EntryCodec.LARGEST) {
                evictByForce(key);
              } else {
                remove(key, entry);
              }
              return new Lookup.Miss();
            });
  }

  private boolean isAllowed(String key, Lookup found) {
    return !(found instanceof Lookup.Hit(CachedValue.Present value)) || rule.allows(key, value);
  }

  private Lookup notRead(String key, JedisException cause) {
    if (RedisInspection.isOfAnotherType(cause)) {
      logDropped(key);
      evictByForce(key);
      return new Lookup.Miss();
    }
    throw failed("lookup", key, cause);
  }

  private static void logDropped(String key) {
    log.atWarn().addKeyValue("key", key).log("removed an entry of a foreign format");
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

  private static byte[] decimal(long number) {
    return ascii(Long.toString(number));
  }

  private static byte[] millis(Duration time) {
    return decimal(life(time));
  }

  private static long life(Duration time) {
    if (time.toMillis() < 1) {
      throw new IllegalArgumentException("a life of " + time + " is shorter than 1 ms");
    }
    return time.toMillis();
  }
}
