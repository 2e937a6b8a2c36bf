package dev.tidemark.cache.redis;

import dev.tidemark.cache.redis.RedisAddress.Kind;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.PayloadRule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import redis.clients.jedis.ConnectionPool;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.RedisClient;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.RedisSentinelClient;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.providers.ClusterConnectionProvider;
import redis.clients.jedis.providers.ConnectionProvider;
import redis.clients.jedis.providers.PooledConnectionProvider;
import redis.clients.jedis.providers.SentineledConnectionProvider;
import redis.clients.jedis.util.Delay;

/// Connections to the Redis that an address names: one server, a cluster, or the primary behind
/// sentinels. Thread-safe.
///
/// A single server may be away when this opens: it is connected to at first use. Of a cluster or of
/// the sentinels one must answer.
public final class RedisConnection implements AutoCloseable {

  /// Form of an address.
  public static final String URL_FORM =
      "redis:// or rediss://[user:password@]host:port, one or several hosts; TLS files by ?sslrootcert=FILE&sslcert=FILE&sslkey=FILE";

  /// Number of attempts of a command to a cluster, redirections included.
  private static final int CLUSTER_ATTEMPTS = 3;

  /// Interval at which the layout of a cluster is read again. A program that uses the cluster
  /// learns of a failover by commands that fail; one that only looks learns of it by this.
  private static final Duration CLUSTER_REFRESH = Duration.ofSeconds(1);

  /// Pause before a connection to the sentinels is made again. Without one, a failover goes
  /// unnoticed.
  private static final Duration SENTINEL_RECONNECT = Duration.ofMillis(500);

  /// Requirements on the server, and on the user in the address, for all that readers, evictions
  /// and looks do.
  private static final String WANTED =
      " (wanted: Redis 7.0 or newer, or Valkey, that takes writes, and a user with +get +set +del"
          + " +getrange +setrange +pexpire +pttl +eval +evalsha +ping +hello +info, on a cluster"
          + " +cluster|slots, on the keys of the entries: ACL SETUSER)";

  private final UnifiedJedis client;
  private final RedisAddress address;

  private RedisConnection(UnifiedJedis client, RedisAddress address) {
    this.client = client;
    this.address = address;
  }

  /// Opens the Redis that the address names.
  ///
  /// @param url as described for `REDIS_URL`: `redis://` or `rediss://`, one or several hosts
  /// @throws IllegalArgumentException when the address is not well-formed, or a file that it names
  ///   is wrong; the message does not hold the password
  /// @throws EntryStoreException when no node of a cluster and no sentinel answers
  public static RedisConnection open(String url, RedisSettings settings) {
    RedisAddress address = RedisAddress.parse(url);
    Optional<RedisTlsSockets> tls = tls(address);
    try {
      return new RedisConnection(client(address, tls, settings), address);
    } catch (JedisException e) {
      // For sentinels, the client reports only in its log why none was reached.
      String why =
          tls.filter(_ -> address.kind() == Kind.SENTINELS)
              .flatMap(RedisTlsSockets::lastFailure)
              .map(words -> ": " + words)
              .orElse("");
      throw RedisFault.exception("cannot open " + address + why, e);
    }
  }

  private static Optional<RedisTlsSockets> tls(RedisAddress address) {
    return address.tls() ? Optional.of(new RedisTlsSockets(address.tlsFiles())) : Optional.empty();
  }

  /// Checks that an address is well-formed and names valid files, for a service that checks its
  /// configuration before it opens anything.
  ///
  /// @return the same, without blanks around it
  /// @throws IllegalArgumentException with the fault, and without the password
  public static String checked(String url) {
    String address = url.strip();
    var _ = tls(RedisAddress.parse(address));
    return address;
  }

  /// Returns the client, for other commands. When a connection turns out to be stale a command is
  /// sent again, so it must be safe to run twice.
  public UnifiedJedis client() {
    return client;
  }

  /// Returns the entries in this Redis.
  public EntryStore entries() {
    return entries(PayloadRule.any());
  }

  /// Returns the same entries, where a value that breaks the rule is no entry.
  public EntryStore entries(PayloadRule rule) {
    return new RedisEntryStore(client, rule);
  }

  /// Returns a view of the entries for operators.
  public RedisInspection inspection() {
    return new RedisInspection(client);
  }

  /// Returns a text that a program stored beside the entries.
  ///
  /// @throws EntryStoreException when Redis does not answer
  public Optional<String> note(String name) {
    try {
      return Optional.ofNullable(client.get(name));
    } catch (JedisException e) {
      throw RedisFault.exception("Redis did not tell " + name, e);
    }
  }

  /// Stores a text beside the entries, in place of the one before.
  ///
  /// @param name the key; it is of no aggregate type
  /// @throws EntryStoreException when Redis does not answer, or refuses
  public void leaveNote(String name, String text) {
    try {
      client.set(name, text);
    } catch (JedisException e) {
      throw RedisFault.exception("Redis did not take " + name, e);
    }
  }

  /// Checks that each server answers, for health checks.
  ///
  /// @throws EntryStoreException when one does not answer
  public void ping() {
    try {
      if (client instanceof RedisClusterClient cluster) {
        // The client's own ping keeps asking the servers that were primaries when it began.
        cluster.getClusterNodes().values().forEach(node -> RedisShard.ask(node, Jedis::ping));
      } else {
        client.ping();
      }
    } catch (JedisException e) {
      throw wanting(RedisFault.exception(address + " does not answer", e));
    }
  }

  /// Runs an eviction that changes nothing, on each node of a cluster: a node that refuses it lets
  /// entries grow old. For health checks, and for a check at the start.
  ///
  /// @param key key of the kind that this program keeps, and of no aggregate; on a cluster, the
  ///   prefix of such keys
  /// @throws EntryStoreException when Redis does not answer, or refuses; the message says what it
  ///   takes
  public void tryEviction(String key) {
    try {
      new RedisEntryStore(client).tryEviction(key);
    } catch (EntryStoreException e) {
      throw wanting(e);
    }
  }

  private static EntryStoreException wanting(EntryStoreException e) {
    return e.fault() == EntryStoreException.Fault.UNWRITABLE
        ? new EntryStoreException(e.getMessage() + WANTED, e.fault(), e)
        : e;
  }

  /// Returns the processes that hold the entries; in a cluster, those that answer.
  ///
  /// @throws EntryStoreException when none answers
  public List<RedisPrimary> primaries() {
    try {
      return infos().stream()
          .map(RedisReport::new)
          .filter(RedisReport::isPrimary)
          .map(
              report ->
                  new RedisPrimary(report.runId(), report.replicationId(), report.replicationLag()))
          .toList();
    } catch (JedisException e) {
      throw wanting(RedisFault.exception(address + " does not answer", e));
    }
  }

  /// Returns the report of each process about itself, including replicas of a cluster. A process
  /// that does not answer is listed without a report.
  ///
  /// @throws EntryStoreException when a single server, or the primary behind sentinels, does not
  ///   answer
  public List<RedisNode> nodes() {
    try {
      if (!(client instanceof RedisClusterClient cluster)) {
        return List.of(new RedisNode(toString(), new RedisReport(client.info()).fields()));
      }
      return cluster.getClusterNodes().entrySet().stream()
          .map(node -> new RedisNode(node.getKey(), fields(node.getValue())))
          .sorted(Comparator.comparing(RedisNode::address))
          .toList();
    } catch (JedisException e) {
      throw RedisFault.exception(address + " does not answer", e);
    }
  }

  private static Map<String, String> fields(ConnectionPool node) {
    try {
      return new RedisReport(RedisShard.ask(node, Jedis::info)).fields();
    } catch (JedisException e) {
      return Map.of();
    }
  }

  private List<String> infos() {
    if (!(client instanceof RedisClusterClient cluster)) {
      return List.of(client.info());
    }
    List<String> infos = new ArrayList<>();
    JedisException silence = new JedisException("no node of the cluster is known");
    for (ConnectionPool node : cluster.getClusterNodes().values()) {
      try {
        infos.add(RedisShard.ask(node, Jedis::info));
      } catch (JedisException e) {
        silence = e;
      }
    }
    if (infos.isEmpty()) {
      throw silence;
    }
    return infos;
  }

  @Override
  public void close() {
    client.close();
  }

  /// Returns the address without user and password.
  @Override
  public String toString() {
    return address.toString();
  }

  private static UnifiedJedis client(
      RedisAddress address, Optional<RedisTlsSockets> tls, RedisSettings settings) {
    Set<HostAndPort> hosts =
        address.hosts().stream()
            .map(host -> new HostAndPort(host.name(), host.port()))
            .collect(Collectors.toUnmodifiableSet());
    JedisClientConfig config = config(address, tls, settings);
    ConnectionPoolConfig pool = new ConnectionPoolConfig();
    pool.setMaxTotal(settings.maxConnections());
    pool.setMaxIdle(settings.maxConnections());
    pool.setMaxWait(settings.poolTimeout());
    return switch (address.kind()) {
      case SINGLE -> {
        HostAndPort host = hosts.iterator().next();
        ConnectionProvider provider = new PooledConnectionProvider(host, config, pool);
        yield RedisClient.builder()
            .hostAndPort(host)
            .clientConfig(config)
            .connectionProvider(provider)
            .commandExecutor(RedisRepeatingExecutor.of(provider))
            .build();
      }
      case CLUSTER -> {
        ClusterConnectionProvider provider =
            new ClusterConnectionProvider(hosts, config, pool, CLUSTER_REFRESH);
        yield RedisClusterClient.builder()
            .nodes(hosts)
            .clientConfig(config)
            .connectionProvider(provider)
            .commandExecutor(
                RedisRepeatingExecutor.ofCluster(
                    provider, CLUSTER_ATTEMPTS, settings.readTimeout()))
            .build();
      }
      case SENTINELS -> {
        String primary = address.primaryName().orElseThrow();
        ConnectionProvider provider =
            new SentineledConnectionProvider(
                primary,
                config,
                pool,
                hosts,
                timeouts(tls, settings).build(),
                Delay.constant(SENTINEL_RECONNECT));
        yield RedisSentinelClient.builder()
            .sentinels(hosts)
            .masterName(primary)
            .clientConfig(config)
            .connectionProvider(provider)
            .commandExecutor(RedisRepeatingExecutor.of(provider))
            .build();
      }
    };
  }

  private static JedisClientConfig config(
      RedisAddress address, Optional<RedisTlsSockets> tls, RedisSettings settings) {
    DefaultJedisClientConfig.Builder config = timeouts(tls, settings);
    address.user().ifPresent(config::user);
    address.password().ifPresent(config::password);
    return config.database(address.database()).build();
  }

  /// Returns the client's settings. All of them apply to the sentinels, too: user and password are
  /// those of the servers.
  ///
  /// The client's preferred `SslOptions` build everything again for each connection, and report
  /// about a refused server only that something is wrong with it.
  @SuppressWarnings("deprecation")
  private static DefaultJedisClientConfig.Builder timeouts(
      Optional<RedisTlsSockets> tls, RedisSettings settings) {
    DefaultJedisClientConfig.Builder config =
        DefaultJedisClientConfig.builder()
            .connectionTimeoutMillis((int) settings.connectTimeout().toMillis())
            .socketTimeoutMillis((int) settings.readTimeout().toMillis());
    tls.ifPresent(sockets -> config.ssl(true).sslSocketFactory(sockets));
    return config;
  }
}
