package dev.tidemark.invalidation;

import dev.tidemark.service.settings.KafkaClientSettings;
import dev.tidemark.service.settings.Setting;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

/// Settings for the connection to Kafka, and the topics that the invalidator and the operators'
/// commands read.
///
/// @param client settings for every client, under Kafka's own names
public record KafkaSettings(Map<String, String> client, List<String> topics) {

  private static final String GROUP_PROTOCOL = "group.protocol";
  private static final String REMOTE_ASSIGNOR = "group.remote.assignor";

  public static final Setting<List<String>> TOPICS =
      Setting.of(
          "KAFKA_PRODUCT_TOPIC",
          List.of("product.events"),
          KafkaSettings::topics,
          "one or more topics, comma between, each of " + KafkaClientSettings.TOPIC,
          "topics to follow, comma between (product.events)");

  private static final Setting<Map<String, String>> CLIENT =
      Setting.read(
          KafkaClientSettings.CLIENT.label(),
          KafkaClientSettings.CLIENT.help(),
          KafkaSettings::client);

  public static final List<Setting<?>> SETTINGS =
      List.of(KafkaClientSettings.SERVERS, TOPICS, CLIENT);

  public KafkaSettings {
    client = Map.copyOf(client);
    topics = List.copyOf(topics);
  }

  public static KafkaSettings from(Map<String, String> environment) {
    Map<String, String> client = CLIENT.from(environment);
    // Members of groups set this themselves. With it the other consumers could not use every
    // setting.
    client.remove(GROUP_PROTOCOL, "consumer");
    client.put("bootstrap.servers", KafkaClientSettings.SERVERS.from(environment));
    client.putIfAbsent("client.id", "tidemark-invalidator");
    return new KafkaSettings(client, TOPICS.from(environment));
  }

  private static Optional<List<String>> topics(String text) {
    return Optional.of(Stream.of(text.split(",", -1)).map(String::strip).distinct().toList())
        .filter(
            topics ->
                topics.stream()
                    .allMatch(topic -> KafkaClientSettings.TOPIC.matcher(topic).matches()));
  }

  /// Reads the client's settings. Most consumers are members of no group.
  private static Map<String, String> client(Map<String, String> environment) {
    Map<String, String> client = KafkaClientSettings.CLIENT.from(environment);
    String protocol = client.get(GROUP_PROTOCOL);
    if (protocol != null && !Set.of("classic", "consumer").contains(protocol)) {
      throw new IllegalArgumentException(
          "%s is \"%s\", but must be classic or consumer"
              .formatted(KafkaClientSettings.variable(GROUP_PROTOCOL), protocol));
    }
    if (client.containsKey(REMOTE_ASSIGNOR)) {
      throw new IllegalArgumentException(
          "%s is set; leave it out: the broker's own assignor is used"
              .formatted(KafkaClientSettings.variable(REMOTE_ASSIGNOR)));
    }
    return client;
  }

  public KafkaSettings withTopics(List<String> others) {
    return new KafkaSettings(client, others);
  }

  /// Returns settings for readers that must not see what an uncommitted transaction left behind.
  public KafkaSettings committedOnly() {
    Map<String, String> own = new HashMap<>(client);
    own.put("isolation.level", "read_committed");
    return new KafkaSettings(own, topics);
  }

  public Unavailable unreachable(Throwable cause) {
    return unreachable(rootCause(cause));
  }

  /// Returns the client's message and that of the root cause, for example the reason for a failed
  /// handshake.
  public static String rootCause(Throwable failure) {
    Throwable cause = failure.getCause();
    if (cause == null) {
      return failure.toString();
    }
    if (failure instanceof ExecutionException) {
      return rootCause(cause);
    }
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return failure + ": " + root.getMessage();
  }

  /// Returns the exception for a Kafka that cannot be reached.
  ///
  /// @param cause what Kafka, or its client, says
  public Unavailable unreachable(String cause) {
    return new Unavailable(unanswered() + ": " + remedy(cause));
  }

  public String unanswered() {
    return "Kafka does not answer at " + client.getOrDefault("bootstrap.servers", "");
  }

  public static String remedy(String cause) {
    return "see that it runs, and that KAFKA_BOOTSTRAP_SERVERS, KAFKA_CLIENT_…, or --data DIR, is right (%s)"
        .formatted(cause);
  }

  public static Unavailable noTopic(String topic) {
    return new Unavailable(
        "there is no topic %s: %s must name the topics that the relay writes to"
            .formatted(topic, TOPICS.label()));
  }

  /// Returns a new map for a client, which the caller may add to.
  public Map<String, Object> forClient() {
    return new HashMap<>(client);
  }
}
