package dev.tidemark.invalidator.settings;

import dev.tidemark.service.settings.KafkaClientSettings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerConfig;

/// How Kafka is reached, and which topics are read there.
///
/// @param client settings for every client, under Kafka's own names
public record KafkaSettings(Map<String, String> client, List<String> topics) {

  private static final String TOPICS = "KAFKA_PRODUCT_TOPIC";
  private static final Pattern TOPIC = Pattern.compile("[A-Za-z0-9._-]{1,249}");

  public KafkaSettings {
    client = Map.copyOf(client);
    topics = List.copyOf(topics);
  }

  public static KafkaSettings from(Environment environment) {
    return new KafkaSettings(client(environment), topics(environment));
  }

  public static List<String> topics(Environment environment) {
    List<String> topics = environment.list(TOPICS, "product.events");
    if (!topics.stream().allMatch(topic -> TOPIC.matcher(topic).matches())) {
      environment.fault(
          "%s is '%s', but must be one or more topics, comma between, each of %s"
              .formatted(TOPICS, environment.text(TOPICS, ""), TOPIC));
    }
    return topics;
  }

  private static Map<String, String> client(Environment environment) {
    Map<String, String> settings = new HashMap<>();
    try {
      settings.putAll(KafkaClientSettings.read(environment.variables()));
    } catch (IllegalArgumentException e) {
      environment.fault(String.valueOf(e.getMessage()));
    }
    checkGroup(settings, environment);
    // What the members of groups do by themselves, and the others could not with every setting.
    settings.remove(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "consumer");
    settings.put("bootstrap.servers", environment.text("KAFKA_BOOTSTRAP_SERVERS"));
    settings.putIfAbsent("client.id", "tidemark-invalidator");
    return settings;
  }

  /// Most consumers of this program are members of no group.
  private static void checkGroup(Map<String, String> settings, Environment environment) {
    String protocol = settings.get(ConsumerConfig.GROUP_PROTOCOL_CONFIG);
    if (protocol != null && !Set.of("classic", "consumer").contains(protocol)) {
      environment.fault(
          "%s is '%s', but must be classic or consumer"
              .formatted(
                  KafkaClientSettings.variable(ConsumerConfig.GROUP_PROTOCOL_CONFIG), protocol));
    }
    if (settings.containsKey(ConsumerConfig.GROUP_REMOTE_ASSIGNOR_CONFIG)) {
      environment.fault(
          "%s is set; leave it out: the broker's own assignor is used"
              .formatted(
                  KafkaClientSettings.variable(ConsumerConfig.GROUP_REMOTE_ASSIGNOR_CONFIG)));
    }
  }

  public KafkaSettings withTopics(List<String> others) {
    return new KafkaSettings(client, others);
  }

  /// For readers that are not to see what a transaction left behind that was never committed.
  public KafkaSettings committedOnly() {
    Map<String, String> own = new HashMap<>(client);
    own.put("isolation.level", "read_committed");
    return new KafkaSettings(own, topics);
  }

  public Unavailable unreachable(Throwable cause) {
    return unreachable(rootCause(cause));
  }

  /// What a client says, and what lies behind it all: of a handshake, why it failed.
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

  /// Says that Kafka cannot be reached.
  ///
  /// @param cause what Kafka, or its client, says
  public Unavailable unreachable(String cause) {
    return new Unavailable(unreachableMessage(cause));
  }

  /// In words that tell the operator what to do.
  String unreachableMessage(String cause) {
    return unanswered() + ": " + remedy(cause);
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
            .formatted(topic, TOPICS));
  }

  /// A fresh map for a client, to be added to.
  public Map<String, Object> forClient() {
    return new HashMap<>(client);
  }
}
