package dev.tidemark.api;

import dev.tidemark.api.http.ApiTokens;
import dev.tidemark.api.http.Cors;
import dev.tidemark.api.http.Limits;
import dev.tidemark.api.http.TlsFiles;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.service.settings.DatabaseUrl;
import dev.tidemark.service.settings.KafkaClientSettings;
import dev.tidemark.service.settings.Secret;
import dev.tidemark.service.settings.ServiceLinks;
import dev.tidemark.service.settings.SettingNames;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/// The settings of the service, all from the environment, all checked before anything starts.
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
  private static final int LARGEST_PORT = 65_535;
  private static final int LONGEST_TTL_SECONDS = 30 * 24 * 3600;
  private static final int LONGEST_REDIS_TIMEOUT_MILLIS = 60_000;
  private static final int MOST_CONNECTIONS = 1000;
  private static final int MOST_CLIENTS = 1_000_000;
  private static final int SMALLEST_BODY = 1024;
  private static final int LARGEST_BODY = 64 * 1024 * 1024;
  private static final int LARGEST_HEAP = 1024 * 1024;
  private static final int MOST_NEAR_ENTRIES = 10_000_000;

  private static final String TLS_CERTIFICATE = "TIDEMARK_API_TLS_CERTIFICATE_FILE";
  private static final String TLS_KEY = "TIDEMARK_API_TLS_KEY_FILE";
  private static final String NEAR_CACHE_ENTRIES = "TIDEMARK_API_NEAR_CACHE_ENTRIES";
  private static final String MEGABYTES = "TIDEMARK_API_MEGABYTES_UNDER_WAY";
  private static final String KAFKA_SERVERS = "KAFKA_BOOTSTRAP_SERVERS";
  private static final Pattern TOPIC = Pattern.compile("[A-Za-z0-9._-]{1,249}");

  private static final Set<String> OWN =
      Set.of(
          "TIDEMARK_API_HOST",
          "TIDEMARK_API_PORT",
          "TIDEMARK_API_ADMIN_HOST",
          "TIDEMARK_API_ADMIN_PORT",
          "TIDEMARK_API_DATABASE_CONNECTIONS",
          "TIDEMARK_API_BODY_LIMIT_BYTES",
          "TIDEMARK_API_REDIS_TIMEOUT_MS",
          "TIDEMARK_API_CONNECTIONS",
          "TIDEMARK_API_REQUESTS",
          "TIDEMARK_API_READ_TIMEOUT_SECONDS",
          "TIDEMARK_API_WRITE_TIMEOUT_SECONDS",
          "TIDEMARK_API_DRAIN_SECONDS",
          "TIDEMARK_API_ACCESS_LOG",
          "TIDEMARK_API_CORS_ORIGINS",
          MEGABYTES,
          TLS_CERTIFICATE,
          TLS_KEY,
          NEAR_CACHE_ENTRIES);

  /// The cache inside the process, and where it hears of changes.
  ///
  /// @param entries how many values it keeps
  /// @param kafkaClient settings for Kafka's client, under Kafka's own names
  public record NearCache(int entries, Map<String, String> kafkaClient, String topic) {

    public NearCache {
      kafkaClient = Map.copyOf(kafkaClient);
      if (!TOPIC.matcher(topic).matches()) {
        throw new IllegalArgumentException(
            "KAFKA_PRODUCT_TOPIC begins with \"%s\", but must be a topic, or several with a comma between, each of %s"
                .formatted(topic, TOPIC));
      }
    }
  }

  public Configuration {
    if (apiTokens.fixed().isEmpty() && !isLoopback(host)) {
      throw new IllegalArgumentException(
          "TIDEMARK_API_HOST is \"%s\", where others can write, and API_TOKEN is not set; set it, or listen on %s"
              .formatted(host, LOOPBACK));
    }
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(
          "TIDEMARK_API_HOST is \"" + host + "\", which is no address of this machine", e);
    }
  }

  /// Reads the environment.
  ///
  /// @throws IllegalArgumentException with one line for each thing that is wrong
  public static Configuration from(Map<String, String> variables) {
    Map<String, String> environment =
        ServiceLinks.passedOver(variables, LoggerFactory.getLogger(Configuration.class)::info);
    List<String> faults = new ArrayList<>(unknownNames(environment));
    Reader read = new Reader(environment, faults);
    DatabaseUrl database = read.attempt(() -> DatabaseUrl.from(environment));
    String redisUrl = read.attempt(() -> redisUrl(environment));
    ApiTokens apiTokens = read.attempt(() -> apiTokens(environment));
    int ttl = read.number("CACHE_TTL_SECONDS", 300, 1, LONGEST_TTL_SECONDS);
    int port = read.number("TIDEMARK_API_PORT", 8080, 0, LARGEST_PORT);
    int adminPort = read.number("TIDEMARK_API_ADMIN_PORT", 8081, 0, LARGEST_PORT);
    int connections = read.number("TIDEMARK_API_DATABASE_CONNECTIONS", 10, 1, MOST_CONNECTIONS);
    int bodyLimit =
        read.number("TIDEMARK_API_BODY_LIMIT_BYTES", 1024 * 1024, SMALLEST_BODY, LARGEST_BODY);
    int redisTimeout =
        read.number("TIDEMARK_API_REDIS_TIMEOUT_MS", 50, 1, LONGEST_REDIS_TIMEOUT_MILLIS);
    Limits limits =
        new Limits(
            read.number("TIDEMARK_API_CONNECTIONS", 10_000, 1, MOST_CLIENTS),
            read.number("TIDEMARK_API_REQUESTS", 1000, 1, MOST_CLIENTS),
            1024L * 1024 * read.number(MEGABYTES, quarterOfTheHeap(), 1, LARGEST_HEAP),
            Duration.ofSeconds(read.number("TIDEMARK_API_READ_TIMEOUT_SECONDS", 60, 1, 3600)),
            Duration.ofSeconds(read.number("TIDEMARK_API_WRITE_TIMEOUT_SECONDS", 30, 1, 3600)),
            Duration.ofSeconds(read.number("TIDEMARK_API_DRAIN_SECONDS", 1, 0, 3600)));
    Optional<TlsFiles> tls = read.attempt(() -> tls(environment));
    boolean accessLog = read.flag("TIDEMARK_API_ACCESS_LOG");
    Cors cors =
        read.attempt(() -> Cors.of(environment.getOrDefault("TIDEMARK_API_CORS_ORIGINS", "")));
    int nearEntries = read.number(NEAR_CACHE_ENTRIES, 0, 0, MOST_NEAR_ENTRIES);
    Optional<NearCache> nearCache = read.attempt(() -> nearCache(nearEntries, environment));
    Configuration configuration = null;
    if (database != null
        && redisUrl != null
        && apiTokens != null
        && tls != null
        && cors != null
        && nearCache != null) {
      configuration =
          read.attempt(
              () ->
                  new Configuration(
                      database,
                      redisUrl,
                      Duration.ofMillis(redisTimeout),
                      Duration.ofSeconds(ttl),
                      apiTokens,
                      environment.getOrDefault("TIDEMARK_API_HOST", LOOPBACK),
                      port,
                      environment.getOrDefault("TIDEMARK_API_ADMIN_HOST", LOOPBACK),
                      adminPort,
                      connections,
                      bodyLimit,
                      limits,
                      tls,
                      accessLog,
                      cors,
                      nearCache));
    }
    if (configuration == null || !faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", faults));
    }
    return configuration;
  }

  /// In megabytes.
  private static int quarterOfTheHeap() {
    return Math.clamp(Runtime.getRuntime().maxMemory() / 4 / 1024 / 1024, 1, LARGEST_HEAP);
  }

  private static List<String> unknownNames(Map<String, String> environment) {
    return SettingNames.unknown(environment.keySet(), "TIDEMARK_API_", OWN::contains).stream()
        .map(
            name ->
                name
                    + " is not a setting; there are "
                    + String.join(", ", OWN.stream().sorted().toList()))
        .toList();
  }

  private static String redisUrl(Map<String, String> environment) {
    String url =
        Secret.read("REDIS_URL", environment)
            .map(String::strip)
            .filter(text -> !text.isEmpty())
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "REDIS_URL is not set; its form is redis://[user:password@]host:port"));
    try {
      RedisConnection.check(url);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("REDIS_URL: " + e.getMessage(), e);
    }
    return url;
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

  /// Without a near cache Kafka's settings are none of this program's business.
  private static Optional<NearCache> nearCache(int entries, Map<String, String> environment) {
    if (entries == 0) {
      return Optional.empty();
    }
    String servers = environment.getOrDefault(KAFKA_SERVERS, "").strip();
    if (servers.isEmpty()) {
      throw new IllegalArgumentException(
          "%s is %d, but %s is not set: the near cache hears of changes from Kafka"
              .formatted(NEAR_CACHE_ENTRIES, entries, KAFKA_SERVERS));
    }
    // The relay and the invalidator may be given several topics; the products' is the first.
    String topics = environment.getOrDefault("KAFKA_PRODUCT_TOPIC", "product.events");
    return Optional.of(
        new NearCache(
            entries, kafkaClient(environment, servers), topics.split(",", -1)[0].strip()));
  }

  private static Map<String, String> kafkaClient(Map<String, String> environment, String servers) {
    Map<String, String> settings = KafkaClientSettings.read(environment);
    settings.put("bootstrap.servers", servers);
    settings.putIfAbsent("client.id", "tidemark-product-api");
    return settings;
  }

  /// Reads single settings, and notes what is wrong.
  private record Reader(Map<String, String> environment, List<String> faults) {

    <T> @Nullable T attempt(Supplier<T> reading) {
      try {
        return reading.get();
      } catch (IllegalArgumentException e) {
        faults.add(String.valueOf(e.getMessage()));
        return null;
      }
    }

    boolean flag(String name) {
      String text = environment.getOrDefault(name, "false");
      if (!text.equals("true") && !text.equals("false")) {
        faults.add("%s is \"%s\", not true or false".formatted(name, text));
      }
      return text.equals("true");
    }

    int number(String name, int otherwise, int least, int most) {
      String text = environment.get(name);
      if (text == null) {
        return otherwise;
      }
      try {
        int number = Integer.parseInt(text.strip());
        if (number >= least && number <= most) {
          return number;
        }
      } catch (NumberFormatException e) {
        // Told below, with the numbers out of range.
      }
      faults.add("%s is \"%s\", not a number from %d to %d".formatted(name, text, least, most));
      return otherwise;
    }
  }
}
