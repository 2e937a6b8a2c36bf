package dev.tidemark.api;

import dev.tidemark.api.http.ApiTokens;
import dev.tidemark.api.http.Cors;
import dev.tidemark.api.http.Limits;
import dev.tidemark.api.http.TlsFiles;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.service.settings.DatabaseUrl;
import dev.tidemark.service.settings.InvalidSettings;
import dev.tidemark.service.settings.KafkaClientSettings;
import dev.tidemark.service.settings.ProgramSettings;
import dev.tidemark.service.settings.Setting;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Settings of the service. All come from the environment, and all are checked before anything
/// starts.
///
/// @param redisTimeout for a connection to Redis, and for each answer
/// @param cacheTtl how long a cached value lives at most
/// @param apiTokens of which writers must show one; where there is none, only this machine may
///   write
/// @param databaseConnections how many connections the service holds
/// @param bodyLimit of a JSON body, and of a line of an import, in bytes
/// @param limits of what is taken on at the same time
/// @param tls empty when the API speaks plain HTTP
/// @param accessLog whether each request has a line in the log
/// @param cors which pages may use the API in a browser
/// @param nearCache empty when it is off
public record Configuration(
    DatabaseUrl database,
    String redisUrl,
    Duration redisTimeout,
    Duration cacheTtl,
    ApiTokens apiTokens,
    String host,
    int port,
    String adminHost,
    int adminPort,
    int databaseConnections,
    int bodyLimit,
    Limits limits,
    Optional<TlsFiles> tls,
    boolean accessLog,
    Cors cors,
    Optional<NearCache> nearCache) {

  private static final String LOOPBACK = "127.0.0.1";
  private static final int MOST_CLIENTS = 1_000_000;
  private static final int LARGEST_HEAP = 1024 * 1024;

  private static final Setting<String> REDIS_URL =
      Setting.secret("REDIS_URL", RedisConnection.URL_FORM, RedisConnection::checked);

  private static final Setting<Duration> CACHE_TTL =
      Setting.time(
          "CACHE_TTL_SECONDS",
          ChronoUnit.SECONDS,
          300,
          1,
          30 * 24 * 3600,
          "longest life of a cached value");

  private static final Setting<ApiTokens> TOKENS =
      Setting.read(
          "API_TOKEN",
          "what writers show as \"Authorization: Bearer\", several with commas between; without it the service listens on loopback only",
          Configuration::apiTokens);

  private static final Setting<Boolean> TOKENS_NOTE =
      Setting.note(
          "API_TOKEN_FILE", "instead: a file with a token a line, read again when it changes");

  private static final Setting<String> HOST =
      Setting.read(
          "TIDEMARK_API_HOST",
          "where requests are served (%s)".formatted(LOOPBACK),
          Configuration::host);

  public static final Setting<Integer> PORT =
      Setting.port("TIDEMARK_API_PORT", 8080, "and on which port");

  private static final String TLS_CERTIFICATE = "TIDEMARK_API_TLS_CERTIFICATE_FILE";
  private static final String TLS_KEY = "TIDEMARK_API_TLS_KEY_FILE";

  private static final Setting<Optional<TlsFiles>> TLS =
      new Setting<>(
          TLS_CERTIFICATE,
          Set.of(TLS_CERTIFICATE, TLS_KEY),
          "PEM file of the certificate; with it, and with %s, requests are served by TLS only"
              .formatted(TLS_KEY),
          Configuration::tls);

  private static final Setting<String> ADMIN_HOST =
      Setting.text("TIDEMARK_API_ADMIN_HOST", LOOPBACK, "where health and metrics are served");

  public static final Setting<Integer> ADMIN_PORT =
      Setting.port("TIDEMARK_API_ADMIN_PORT", 8081, "and on which port");

  private static final Setting<Integer> DATABASE_CONNECTIONS =
      Setting.number(
          "TIDEMARK_API_DATABASE_CONNECTIONS", 10, 1, 1000, "connections to the database");

  private static final Setting<Integer> BODY_LIMIT =
      Setting.number(
          "TIDEMARK_API_BODY_LIMIT_BYTES",
          1024 * 1024,
          1024,
          64 * 1024 * 1024,
          "longest body, and longest line of an import");

  private static final Setting<Integer> CONNECTIONS =
      Setting.number(
          "TIDEMARK_API_CONNECTIONS",
          10_000,
          1,
          MOST_CLIENTS,
          "open connections; more wait to be accepted");

  private static final Setting<Integer> REQUESTS =
      Setting.number(
          "TIDEMARK_API_REQUESTS",
          1000,
          1,
          MOST_CLIENTS,
          "requests at the same time; more are answered 503");

  private static final Setting<Integer> MEGABYTES =
      Setting.number(
          "TIDEMARK_API_MEGABYTES_UNDER_WAY",
          Math.clamp(Runtime.getRuntime().maxMemory() / 4 / 1024 / 1024, 1, LARGEST_HEAP),
          1,
          LARGEST_HEAP,
          "of large bodies and answers at the same time; more are answered 503; by default a quarter of the heap");

  private static final Setting<Duration> READ_TIMEOUT =
      Setting.time(
          "TIDEMARK_API_READ_TIMEOUT_SECONDS",
          ChronoUnit.SECONDS,
          60,
          1,
          3600,
          "for a client that is silent in or between requests");

  private static final Setting<Duration> WRITE_TIMEOUT =
      Setting.time(
          "TIDEMARK_API_WRITE_TIMEOUT_SECONDS",
          ChronoUnit.SECONDS,
          30,
          1,
          3600,
          "for a client that does not take its answer");

  private static final Setting<Duration> DRAIN =
      Setting.time(
          "TIDEMARK_API_DRAIN_SECONDS",
          ChronoUnit.SECONDS,
          1,
          0,
          3600,
          "to go on serving, not ready any more, when told to stop");

  private static final Setting<Cors> CORS =
      Setting.read(
          "TIDEMARK_API_CORS_ORIGINS",
          "whose pages may use the API in a browser, as https://shop.example, several with commas between, or * (none)",
          environment -> Cors.of(environment.getOrDefault("TIDEMARK_API_CORS_ORIGINS", "")));

  private static final Setting<Boolean> ACCESS_LOG =
      Setting.flag("TIDEMARK_API_ACCESS_LOG", "true: a line in the log for each request");

  private static final Setting<Duration> REDIS_TIMEOUT =
      Setting.time(
          "TIDEMARK_API_REDIS_TIMEOUT_MS",
          ChronoUnit.MILLIS,
          50,
          1,
          60_000,
          "for a connection to Redis, and for each answer");

  private static final Setting<Integer> NEAR_ENTRIES =
      Setting.number(
          "TIDEMARK_API_NEAR_CACHE_ENTRIES",
          0,
          0,
          10_000_000,
          "values kept inside the process, too, by Kafka, whose settings follow; 0: none");

  /// Setting of the near cache. Without one, Kafka's settings are not read.
  private static final Setting<Optional<NearCache>> NEAR_CACHE =
      Setting.read(NEAR_ENTRIES.label(), NEAR_ENTRIES.help(), Configuration::nearCache);

  public static final ProgramSettings SETTINGS =
      new ProgramSettings(
          "the product API",
          "TIDEMARK_API_",
          List.of(
              DatabaseUrl.SETTING,
              DatabaseUrl.USER_NOTE,
              REDIS_URL,
              CACHE_TTL,
              TOKENS,
              TOKENS_NOTE,
              HOST,
              PORT,
              TLS,
              ADMIN_HOST,
              ADMIN_PORT,
              DATABASE_CONNECTIONS,
              BODY_LIMIT,
              CONNECTIONS,
              REQUESTS,
              MEGABYTES,
              READ_TIMEOUT,
              WRITE_TIMEOUT,
              DRAIN,
              CORS,
              ACCESS_LOG,
              REDIS_TIMEOUT,
              NEAR_CACHE,
              Setting.note(KafkaClientSettings.SERVERS.label(), KafkaClientSettings.SERVERS.help()),
              Setting.note(
                  "KAFKA_PRODUCT_TOPIC", "where the events of products are (product.events)"),
              Setting.note(KafkaClientSettings.CLIENT.label(), KafkaClientSettings.CLIENT.help()),
              ProgramSettings.TELEMETRY_NOTE,
              ProgramSettings.SECRET_NOTE));

  /// The cache inside the process, and its source of changes.
  ///
  /// @param entries how many values it keeps
  /// @param kafkaClient settings for Kafka's client, under Kafka's own names
  public record NearCache(int entries, Map<String, String> kafkaClient, String topic) {

    public NearCache {
      kafkaClient = Map.copyOf(kafkaClient);
      if (!KafkaClientSettings.TOPIC.matcher(topic).matches()) {
        throw new IllegalArgumentException(
            "KAFKA_PRODUCT_TOPIC begins with \"%s\", but must be a topic, or several with a comma between, each of %s"
                .formatted(topic, KafkaClientSettings.TOPIC));
      }
    }
  }

  /// Reads the environment.
  ///
  /// @throws InvalidSettings with one line for each thing that is wrong
  public static Configuration from(Map<String, String> variables) {
    Map<String, String> environment = SETTINGS.check(variables);
    return new Configuration(
        DatabaseUrl.SETTING.from(environment),
        REDIS_URL.from(environment),
        REDIS_TIMEOUT.from(environment),
        CACHE_TTL.from(environment),
        TOKENS.from(environment),
        HOST.from(environment),
        PORT.from(environment),
        ADMIN_HOST.from(environment),
        ADMIN_PORT.from(environment),
        DATABASE_CONNECTIONS.from(environment),
        BODY_LIMIT.from(environment),
        new Limits(
            CONNECTIONS.from(environment),
            REQUESTS.from(environment),
            1024L * 1024 * MEGABYTES.from(environment),
            READ_TIMEOUT.from(environment),
            WRITE_TIMEOUT.from(environment),
            DRAIN.from(environment)),
        TLS.from(environment),
        ACCESS_LOG.from(environment),
        CORS.from(environment),
        NEAR_CACHE.from(environment));
  }

  private static String host(Map<String, String> environment) {
    String host = environment.getOrDefault("TIDEMARK_API_HOST", LOOPBACK);
    boolean hasToken =
        environment.containsKey("API_TOKEN") || environment.containsKey("API_TOKEN_FILE");
    if (!hasToken && !isLoopback(host)) {
      throw new IllegalArgumentException(
          "TIDEMARK_API_HOST is \"%s\", where others can write, and API_TOKEN is not set; set it, or listen on %s"
              .formatted(host, LOOPBACK));
    }
    return host;
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(
          "TIDEMARK_API_HOST is \"" + host + "\", which is no address of this machine", e);
    }
  }

  private static ApiTokens apiTokens(Map<String, String> environment) {
    String token = environment.get("API_TOKEN");
    String file = environment.get("API_TOKEN_FILE");
    if (token != null && file != null) {
      throw new IllegalArgumentException(
          "API_TOKEN and API_TOKEN_FILE are both set; give one of them");
    }
    if (file != null) {
      return ApiTokens.in(Path.of(file));
    }
    return token == null ? ApiTokens.none() : ApiTokens.of(token);
  }

  private static Optional<TlsFiles> tls(Map<String, String> environment) {
    String certificate = environment.get(TLS_CERTIFICATE);
    String key = environment.get(TLS_KEY);
    if (certificate == null && key == null) {
      return Optional.empty();
    }
    if (certificate == null || key == null) {
      throw new IllegalArgumentException(
          "%s and %s belong together; one is not set".formatted(TLS_CERTIFICATE, TLS_KEY));
    }
    return Optional.of(new TlsFiles(Path.of(certificate), Path.of(key)));
  }

  private static Optional<NearCache> nearCache(Map<String, String> environment) {
    int entries = NEAR_ENTRIES.from(environment);
    if (entries == 0) {
      return Optional.empty();
    }
    String servers;
    try {
      servers = KafkaClientSettings.SERVERS.from(environment);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s is %d, but %s: the near cache hears of changes from Kafka"
              .formatted(NEAR_ENTRIES.label(), entries, e.getMessage()),
          e);
    }
    Map<String, String> client = KafkaClientSettings.CLIENT.from(environment);
    client.put("bootstrap.servers", servers);
    client.putIfAbsent("client.id", "tidemark-product-api");
    // The relay and the invalidator may be given several topics; the products' is the first.
    String topics = environment.getOrDefault("KAFKA_PRODUCT_TOPIC", "product.events");
    return Optional.of(new NearCache(entries, client, topics.split(",", -1)[0].strip()));
  }
}
