package dev.tidemark.invalidator;

import dev.tidemark.cache.RedisConnection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The settings of the invalidator, all from the environment, all checked before anything starts.
///
/// @param kafkaClient settings for every Kafka client, under Kafka's own names
/// @param redisTimeout for a connection, and for the answers to one batch
/// @param rewind so much of what was applied is applied again after a failover or restart of Redis
record Configuration(
    Map<String, String> kafkaClient,
    List<String> topics,
    String group,
    String redisUrl,
    Duration redisTimeout,
    Duration rewind,
    String adminHost,
    int adminPort) {

  private static final String REDIS_TIMEOUT = "TIDEMARK_INVALIDATOR_REDIS_TIMEOUT_MS";
  private static final String REWIND = "TIDEMARK_INVALIDATOR_REWIND_SECONDS";
  private static final String ADMIN_HOST = "TIDEMARK_INVALIDATOR_ADMIN_HOST";
  private static final String ADMIN_PORT = "TIDEMARK_INVALIDATOR_ADMIN_PORT";
  private static final Set<String> OWN = Set.of(REDIS_TIMEOUT, REWIND, ADMIN_HOST, ADMIN_PORT);

  /// Settings of the other programs are none of this one's business.
  private static final Set<String> OTHERS =
      Set.of(
          "TIDEMARK_API_",
          "TIDEMARK_CONSOLE_",
          "TIDEMARK_DB_",
          "TIDEMARK_DEVSTACK_",
          "TIDEMARK_RELAY_");

  private static final String KAFKA_PREFIX = "KAFKA_CLIENT_";
  private static final Pattern TOPIC = Pattern.compile("[A-Za-z0-9._-]{1,249}");
  private static final int LARGEST_PORT = 65_535;
  private static final int LONGEST_TIMEOUT_MILLIS = 60_000;
  private static final int LONGEST_REWIND_SECONDS = 86_400;

  /// What is wrong with the environment, one line for each fault.
  static final class Invalid extends RuntimeException {
    Invalid(List<String> faults) {
      super(String.join(System.lineSeparator(), faults));
    }
  }

  Configuration {
    kafkaClient = Map.copyOf(kafkaClient);
    topics = List.copyOf(topics);
  }

  /// Reads the environment.
  ///
  /// @throws Invalid naming every variable that is wrong, and what is allowed
  static Configuration from(Map<String, String> environment) {
    List<String> faults = new ArrayList<>(unknownNames(environment));
    Reader read = new Reader(environment, faults);
    Configuration configuration =
        new Configuration(
            kafkaClient(environment, read.text("KAFKA_BOOTSTRAP_SERVERS")),
            read.topics("KAFKA_PRODUCT_TOPIC", "product.events"),
            environment.getOrDefault("KAFKA_GROUP_ID", "tidemark-invalidator"),
            read.redisUrl("REDIS_URL"),
            Duration.ofMillis(read.number(REDIS_TIMEOUT, 1000, 1, LONGEST_TIMEOUT_MILLIS)),
            Duration.ofSeconds(read.number(REWIND, 60, 1, LONGEST_REWIND_SECONDS)),
            environment.getOrDefault(ADMIN_HOST, "127.0.0.1"),
            read.number(ADMIN_PORT, 8083, 0, LARGEST_PORT));
    if (configuration.group().isBlank()) {
      faults.add("KAFKA_GROUP_ID is empty");
    }
    if (!faults.isEmpty()) {
      throw new Invalid(faults);
    }
    return configuration;
  }

  /// A fresh map for a Kafka client, to be added to.
  Map<String, Object> kafka() {
    return new HashMap<>(kafkaClient);
  }

  private static List<String> unknownNames(Map<String, String> environment) {
    return environment.keySet().stream()
        .filter(name -> name.startsWith("TIDEMARK_"))
        .filter(name -> !OWN.contains(name) && OTHERS.stream().noneMatch(name::startsWith))
        .sorted()
        .map(
            name ->
                name
                    + " is not a setting of the invalidator; there are "
                    + String.join(", ", OWN.stream().sorted().toList()))
        .toList();
  }

  private static Map<String, String> kafkaClient(Map<String, String> environment, String servers) {
    Map<String, String> settings = new HashMap<>();
    environment.forEach(
        (name, value) -> {
          if (name.startsWith(KAFKA_PREFIX)) {
            String setting = name.substring(KAFKA_PREFIX.length()).toLowerCase(Locale.ROOT);
            settings.put(setting.replace('_', '.'), value);
          }
        });
    settings.put("bootstrap.servers", servers);
    settings.putIfAbsent("client.id", "tidemark-invalidator");
    return settings;
  }

  /// Reads single variables, notes what is wrong, and goes on with something.
  private record Reader(Map<String, String> environment, List<String> faults) {

    String text(String name) {
      String value = environment.getOrDefault(name, "").strip();
      if (value.isEmpty()) {
        faults.add(name + " is not set");
      }
      return value;
    }

    List<String> topics(String name, String otherwise) {
      List<String> topics =
          Stream.of(environment.getOrDefault(name, otherwise).split(",", -1))
              .map(String::strip)
              .distinct()
              .toList();
      if (!topics.stream().allMatch(topic -> TOPIC.matcher(topic).matches())) {
        faults.add(
            "%s is '%s', but must be one or more topics, comma between, each of %s"
                .formatted(name, environment.get(name), TOPIC));
      }
      return topics;
    }

    /// From the variable, or from the file that `NAME_FILE` names: it may hold a password.
    String redisUrl(String name) {
      String url = secret(name);
      if (url.isEmpty()) {
        return url;
      }
      try {
        RedisConnection.check(url);
      } catch (IllegalArgumentException e) {
        faults.add(name + ": " + e.getMessage());
      }
      return url;
    }

    private String secret(String name) {
      String fileVariable = name + "_FILE";
      String file = environment.get(fileVariable);
      if (file == null) {
        return text(name);
      }
      if (environment.containsKey(name)) {
        faults.add("%s and %s are both set; give one of them".formatted(name, fileVariable));
        return "";
      }
      try {
        return Files.readString(Path.of(file)).strip();
      } catch (IOException e) {
        faults.add("%s names a file that cannot be read: %s".formatted(fileVariable, file));
        return "";
      }
    }

    int number(String name, int otherwise, int least, int most) {
      String value = environment.get(name);
      if (value == null) {
        return otherwise;
      }
      try {
        int number = Integer.parseInt(value.strip());
        if (number >= least && number <= most) {
          return number;
        }
      } catch (NumberFormatException notANumber) {
        // Told below, together with a number out of range.
      }
      faults.add(
          "%s is '%s', but must be a number from %d to %d".formatted(name, value, least, most));
      return otherwise;
    }
  }
}
