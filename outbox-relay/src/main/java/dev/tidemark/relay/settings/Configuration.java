package dev.tidemark.relay.settings;

import dev.tidemark.event.Topics;
import dev.tidemark.service.settings.DatabaseUrl;
import dev.tidemark.service.settings.KafkaClientSettings;
import dev.tidemark.service.settings.ProgramSettings;
import dev.tidemark.service.settings.Setting;
import dev.tidemark.service.settings.TimeSpan;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.sql.DataSource;

/// Settings of the relay. All come from the environment, and all are checked before anything
/// starts.
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

  /// Publication that `tidemark migrate` creates.
  public static final String PUBLICATION = "tidemark_outbox";

  /// Aggregate type whose topic can be named by a setting.
  public static final String PRODUCT = "product";

  private static final String PRODUCT_EVENTS = Topics.ofAggregate(PRODUCT);

  private static final Setting<String> SLOT =
      Setting.matching(
          "TIDEMARK_RELAY_SLOT",
          "tidemark_relay",
          Pattern.compile("[a-z0-9_]{1,63}"),
          "replication slot");

  /// Topics. The first is the products' and may have any name. The names of the others follow from
  /// the types, and the invalidator can be given the same list.
  private static final Setting<List<String>> TOPICS =
      Setting.of(
          "KAFKA_PRODUCT_TOPIC",
          List.of(PRODUCT_EVENTS),
          Configuration::topics,
          "the topic of the products, matching %s, and after it, comma between, any topics <aggregate type>.events of other types"
              .formatted(KafkaClientSettings.TOPIC),
          "topic of the aggregate type product (%s); after it, comma between, topics <type>.events of others, to have them made ahead"
              .formatted(PRODUCT_EVENTS));

  private static final Setting<Integer> TOPIC_PARTITIONS =
      Setting.number(
          "TIDEMARK_RELAY_TOPIC_PARTITIONS",
          6,
          1,
          10_000,
          "partitions of a topic that the relay creates");

  private static final Setting<Delivery> DELIVERY =
      Setting.choice(
          "RELAY_DELIVERY",
          "exactly-once",
          Map.of("exactly-once", Delivery.EXACTLY_ONCE, "at-least-once", Delivery.AT_LEAST_ONCE),
          "exactly-once or at-least-once");

  private static final Setting<String> ADMIN_HOST =
      Setting.text("TIDEMARK_RELAY_ADMIN_HOST", "127.0.0.1", "where health and metrics are served");

  public static final Setting<Integer> ADMIN_PORT =
      Setting.port("TIDEMARK_RELAY_ADMIN_PORT", 8082, "and on which port");

  /// Retention of outbox rows. The default is the time for which a topic's own history is complete:
  /// see `KafkaTopics.COMPACTION_LAG`.
  private static final Setting<Optional<Duration>> RETENTION =
      Setting.of(
          "TIDEMARK_RELAY_RETENTION_DAYS",
          Optional.of(Duration.ofDays(7)),
          Configuration::retention,
          "a number of days from 0 to 3650, or off",
          "how long relayed rows stay in the outbox (7; 0 or off: for ever)");

  public static final ProgramSettings SETTINGS =
      new ProgramSettings(
          "the relay",
          "TIDEMARK_RELAY_",
          List.of(
              DatabaseUrl.SETTING,
              DatabaseUrl.USER_NOTE,
              KafkaClientSettings.SERVERS,
              TOPICS,
              KafkaClientSettings.GROUP,
              KafkaClientSettings.CLIENT,
              DELIVERY,
              SLOT,
              TOPIC_PARTITIONS,
              ADMIN_HOST,
              ADMIN_PORT,
              RETENTION,
              ProgramSettings.TELEMETRY_NOTE,
              ProgramSettings.SECRET_NOTE));

  /// Time limit for an answer: more than any short statement takes on a server that works.
  private static final Duration ANSWER = Duration.ofSeconds(20);

  /// Time limit for a scan: more than it takes to scan some days of an outbox.
  private static final Duration SCAN = Duration.ofMinutes(10);

  private static final int MOST_RETENTION_DAYS = 3_650;

  /// Reads the environment.
  ///
  /// @throws InvalidSettings naming every variable that is wrong, and what is allowed
  public static Configuration from(Map<String, String> variables) {
    var environment = SETTINGS.check(variables);
    var kafkaClient = KafkaClientSettings.CLIENT.from(environment);
    kafkaClient.putIfAbsent("client.id", "tidemark-relay");
    kafkaClient.put("bootstrap.servers", KafkaClientSettings.SERVERS.from(environment));
    var topics = TOPICS.from(environment);
    return new Configuration(
        DatabaseUrl.SETTING.from(environment),
        SLOT.from(environment),
        kafkaClient,
        topics.getFirst(),
        topics.subList(1, topics.size()),
        KafkaClientSettings.GROUP.from(environment),
        TOPIC_PARTITIONS.from(environment),
        DELIVERY.from(environment),
        ADMIN_HOST.from(environment),
        ADMIN_PORT.from(environment),
        RETENTION.from(environment));
  }

  private static Optional<List<String>> topics(String text) {
    var topics = Stream.of(text.split(",", -1)).map(String::strip).distinct().toList();
    var others = topics.subList(1, topics.size());
    return Optional.of(topics)
        .filter(
            all ->
                KafkaClientSettings.TOPIC.matcher(all.getFirst()).matches()
                    && !others.contains(PRODUCT_EVENTS)
                    && others.stream().allMatch(Topics::isOfAnAggregate));
  }

  /// Reads the retention. The inner value is empty for unlimited retention.
  private static Optional<Optional<Duration>> retention(String text) {
    if (text.equals("off") || text.equals("0")) {
      return Optional.of(Optional.empty());
    }
    Optional<Duration> time =
        TimeSpan.parse(text, ChronoUnit.DAYS)
            .filter(Duration::isPositive)
            .filter(positive -> positive.toDays() <= MOST_RETENTION_DAYS);
    return time.isPresent() ? Optional.of(time) : Optional.empty();
  }

  /// Returns a new map for a Kafka client, which the caller may add to.
  public Map<String, Object> kafka() {
    return new HashMap<>(kafkaClient);
  }

  /// Returns a source of connections that end by themselves when the server does not answer. A
  /// connection that was silently cut off would otherwise wait for ever, and its relay with it.
  public DataSource dataSource() {
    return dataSource(ANSWER);
  }

  /// Returns a source of such connections for statements that read much.
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
}
