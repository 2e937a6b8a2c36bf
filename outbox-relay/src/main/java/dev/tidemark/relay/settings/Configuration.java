package dev.tidemark.relay.settings;

import dev.tidemark.event.Topics;
import dev.tidemark.service.settings.DatabaseUrl;
import dev.tidemark.service.settings.KafkaClientSettings;
import dev.tidemark.service.settings.ServiceLinks;
import dev.tidemark.service.settings.SettingNames;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/// The relay's settings, all from the environment, all checked before anything starts.
///
/// @param kafkaClient settings for every Kafka client, under Kafka's own names
/// @param retention how long relayed outbox rows are kept; empty: for ever
/// @param group the invalidators' consumer group
/// @param otherTopics of further aggregate types, `<type>.events`, made before their first event
public record Configuration(
    DatabaseUrl database,
    String slot,
    Map<String, String> kafkaClient,
    String productTopic,
    List<String> otherTopics,
    String group,
    int topicPartitions,
    Delivery delivery,
    String adminHost,
    int adminPort,
    Optional<Duration> retention) {

  public Configuration {
    kafkaClient = Map.copyOf(kafkaClient);
  }

  /// Made by `tidemark migrate`.
  public static final String PUBLICATION = "tidemark_outbox";

  /// The aggregate type whose topic can be named by a setting.
  public static final String PRODUCT = "product";

  private static final String PRODUCT_EVENTS = Topics.ofAggregate(PRODUCT);
  private static final String OWN_PREFIX = "TIDEMARK_RELAY_";
  private static final String RETENTION = "TIDEMARK_RELAY_RETENTION_DAYS";
  private static final Set<String> OWN =
      Set.of(
          "TIDEMARK_RELAY_SLOT",
          "TIDEMARK_RELAY_TOPIC_PARTITIONS",
          "TIDEMARK_RELAY_ADMIN_HOST",
          "TIDEMARK_RELAY_ADMIN_PORT",
          RETENTION);
  private static final Pattern SLOT = Pattern.compile("[a-z0-9_]{1,63}");
  private static final Pattern TOPIC = Pattern.compile("[A-Za-z0-9._-]{1,249}");
  private static final int LARGEST_PORT = 65_535;
  private static final int MOST_PARTITIONS = 10_000;

  /// More than any short statement takes on a server that works.
  private static final Duration ANSWER = Duration.ofSeconds(20);

  /// More than it takes to scan some days of an outbox.
  private static final Duration SCAN = Duration.ofMinutes(10);

  /// As long as a topic's own history is complete: see `KafkaTopics.COMPACTION_LAG`.
  private static final int RETENTION_DAYS = 7;

  private static final int MOST_RETENTION_DAYS = 3_650;

  /// What is wrong with the environment, one line for each fault.
  public static final class Invalid extends RuntimeException {
    Invalid(List<String> faults) {
      super(String.join(System.lineSeparator(), faults));
    }
  }

  /// Reads the environment.
  ///
  /// @throws Invalid naming every variable that is wrong, and what is allowed
  public static Configuration from(Map<String, String> variables) {
    Map<String, String> environment =
        ServiceLinks.passedOver(variables, LoggerFactory.getLogger(Configuration.class)::info);
    var faults = new ArrayList<String>();
    var read = new Reader(environment, faults);
    SettingNames.unknown(environment.keySet(), OWN_PREFIX, OWN::contains)
        .forEach(
            name ->
                faults.add(
                    "%s is not a setting of the relay; there are %s"
                        .formatted(name, String.join(", ", OWN.stream().sorted().toList()))));

    var database = read.value(DatabaseUrl::from);
    var slot = read.matching("TIDEMARK_RELAY_SLOT", "tidemark_relay", SLOT);
    var servers = read.text("KAFKA_BOOTSTRAP_SERVERS");
    var kafkaClient = read.value(Configuration::kafkaClient);
    var topics = read.topics();
    var group = environment.getOrDefault("KAFKA_GROUP_ID", "tidemark-invalidator");
    var partitions = read.number("TIDEMARK_RELAY_TOPIC_PARTITIONS", 6, 1, MOST_PARTITIONS);
    var delivery = read.delivery();
    var adminHost = environment.getOrDefault("TIDEMARK_RELAY_ADMIN_HOST", "127.0.0.1");
    var adminPort = read.number("TIDEMARK_RELAY_ADMIN_PORT", 8082, 0, LARGEST_PORT);
    var retention = read.retention();
    if (database == null || kafkaClient == null || !faults.isEmpty()) {
      throw new Invalid(faults);
    }
    kafkaClient.put("bootstrap.servers", servers);
    return new Configuration(
        database,
        slot,
        kafkaClient,
        topics.getFirst(),
        topics.subList(1, topics.size()),
        group,
        partitions,
        delivery,
        adminHost,
        adminPort,
        retention);
  }

  /// A fresh map for a Kafka client, to be added to.
  public Map<String, Object> kafka() {
    return new HashMap<>(kafkaClient);
  }

  /// Connections to the database that end by themselves when the server does not answer: one that
  /// was cut off silently would wait for ever, and its relay with it.
  public DataSource dataSource() {
    return dataSource(ANSWER);
  }

  /// The same for statements that read much.
  public DataSource dataSourceForScans() {
    return dataSource(SCAN);
  }

  private DataSource dataSource(Duration longestAnswer) {
    var source = database.dataSource("tidemark-relay");
    if (source.getSocketTimeout() == 0) {
      source.setSocketTimeout(Math.toIntExact(longestAnswer.toSeconds()));
    }
    return source;
  }

  private static Map<String, String> kafkaClient(Map<String, String> environment) {
    var settings = KafkaClientSettings.read(environment);
    settings.putIfAbsent("client.id", "tidemark-relay");
    return settings;
  }

  /// Reads single variables, notes what is wrong, and goes on with what is allowed.
  private record Reader(Map<String, String> environment, List<String> faults) {

    <T> @Nullable T value(Function<Map<String, String>, T> parser) {
      try {
        return parser.apply(environment);
      } catch (IllegalArgumentException e) {
        faults.add(String.valueOf(e.getMessage()));
        return null;
      }
    }

    String text(String name) {
      var value = environment.getOrDefault(name, "").strip();
      if (value.isEmpty()) {
        faults.add(name + " is not set");
      }
      return value;
    }

    String matching(String name, String otherwise, Pattern pattern) {
      var value = environment.getOrDefault(name, otherwise);
      if (!pattern.matcher(value).matches()) {
        faults.add("%s is '%s', but must match %s".formatted(name, value, pattern));
      }
      return value;
    }

    /// The first is the products' and may have any name. The others' names follow from the types,
    /// and the invalidator can be given the same list.
    List<String> topics() {
      var name = "KAFKA_PRODUCT_TOPIC";
      var value = environment.getOrDefault(name, PRODUCT_EVENTS);
      var topics = Stream.of(value.split(",", -1)).map(String::strip).distinct().toList();
      var others = topics.subList(1, topics.size());
      if (!TOPIC.matcher(topics.getFirst()).matches()
          || others.contains(PRODUCT_EVENTS)
          || !others.stream().allMatch(Topics::isOfAnAggregate)) {
        faults.add(
            "%s is '%s', but must be the topic of the products, matching %s, and after it, comma between, any topics <aggregate type>.events of other types"
                .formatted(name, value, TOPIC));
      }
      return topics;
    }

    int number(String name, int otherwise, int least, int most) {
      return number(name, otherwise, least, most, "");
    }

    private int number(String name, int otherwise, int least, int most, String alternative) {
      var value = environment.get(name);
      if (value == null) {
        return otherwise;
      }
      try {
        int number = Integer.parseInt(value.strip());
        if (number >= least && number <= most) {
          return number;
        }
      } catch (NumberFormatException notANumber) {
        // Reported below, together with a number out of range.
      }
      faults.add(
          "%s is '%s', but must be a number from %d to %d%s"
              .formatted(name, value, least, most, alternative));
      return otherwise;
    }

    Optional<Duration> retention() {
      if (environment.getOrDefault(RETENTION, "").strip().equals("off")) {
        return Optional.empty();
      }
      int days = number(RETENTION, RETENTION_DAYS, 0, MOST_RETENTION_DAYS, " or off");
      return Optional.of(Duration.ofDays(days)).filter(Duration::isPositive);
    }

    Delivery delivery() {
      return switch (environment.getOrDefault("RELAY_DELIVERY", "exactly-once")) {
        case "exactly-once" -> Delivery.EXACTLY_ONCE;
        case "at-least-once" -> Delivery.AT_LEAST_ONCE;
        case String other -> {
          faults.add(
              "RELAY_DELIVERY is '%s', but must be exactly-once or at-least-once".formatted(other));
          yield Delivery.EXACTLY_ONCE;
        }
      };
    }
  }
}
