package dev.tidemark.relay.checks;

import dev.tidemark.event.Topics;
import dev.tidemark.relay.checks.KafkaTopicCheck.Topic;
import dev.tidemark.relay.checks.KafkaTopicCheck.Use;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.sink.KafkaPositions;
import dev.tidemark.relay.status.Finding;
import dev.tidemark.relay.status.Finding.Server;
import dev.tidemark.relay.status.Finding.Severity;
import dev.tidemark.relay.status.RelayStatus;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Checks Kafka: whether it answers, and the settings of the topics that the relay writes to. A
/// topic that is absent is no finding, because the relay creates it. Confined to one thread.
public final class KafkaCheck implements Check {
  private static final Logger log = LoggerFactory.getLogger(KafkaCheck.class);
  private static final int REQUEST_TIMEOUT_MS = 3_000;
  private static final int TIMEOUT_MS = 8_000;

  private final Map<String, Object> settings;
  private final Map<String, Use> uses = new LinkedHashMap<>();
  private final RelayStatus status;
  private final KafkaFollowers followers;

  /// @param status provides the topics that are filled, and receives which of them are followed
  public KafkaCheck(Configuration configuration, RelayStatus status) {
    this(configuration, status, TIMEOUT_MS);
  }

  /// Creates a check as the other constructor does.
  ///
  /// @param timeoutMs time within which Kafka must answer
  public KafkaCheck(Configuration configuration, RelayStatus status, int timeoutMs) {
    this.status = status;
    this.followers = new KafkaFollowers(configuration.group());
    settings = configuration.kafka();
    settings.put(
        AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, Math.min(REQUEST_TIMEOUT_MS, timeoutMs));
    settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, timeoutMs);
    uses.put(configuration.productTopic(), Use.EVENTS);
    configuration.otherTopics().forEach(topic -> uses.put(topic, Use.EVENTS));
    uses.put(Topics.deadLettersOf(configuration.productTopic()), Use.DEAD_LETTERS);
    uses.put(KafkaPositions.TOPIC, Use.POSITIONS);
  }

  @Override
  public Server server() {
    return Server.KAFKA;
  }

  @Override
  public List<Finding> findings() {
    try (var admin = Admin.create(settings)) {
      int brokers = admin.describeCluster().nodes().get().size();
      var looked = followers.look(admin, status.filled());
      status.followers(looked);
      return Stream.concat(
              topics(admin).stream()
                  .flatMap(topic -> KafkaTopicCheck.findings(topic, brokers).stream()),
              followers.findings(looked).stream())
          .toList();
    } catch (ExecutionException e) {
      return List.of(unanswered(e.getCause() == null ? e : e.getCause()));
    } catch (KafkaException e) {
      return List.of(unanswered(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }

  private List<Topic> topics(Admin admin) throws ExecutionException, InterruptedException {
    var described = new HashMap<String, TopicDescription>();
    for (var answer : admin.describeTopics(uses.keySet()).topicNameValues().entrySet()) {
      try {
        described.put(answer.getKey(), answer.getValue().get());
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
          throw e;
        }
      }
    }
    var resources =
        described.keySet().stream()
            .map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name))
            .toList();
    var configs = admin.describeConfigs(resources).all().get();
    var topics = new ArrayList<Topic>();
    uses.forEach(
        (name, use) -> {
          var topic = described.get(name);
          var config = configs.get(new ConfigResource(ConfigResource.Type.TOPIC, name));
          if (topic != null && config != null) {
            var values = new HashMap<String, String>();
            for (ConfigEntry entry : config.entries()) {
              values.put(entry.name(), entry.value());
            }
            int replicas = topic.partitions().getFirst().replicas().size();
            topics.add(new Topic(name, use, values, replicas));
          }
        });
    return topics;
  }

  /// Returns the root cause, for example of a failed handshake.
  private static String rootOf(Throwable fault) {
    return fault.getCause() == null ? fault.toString() : rootOf(fault.getCause());
  }

  private Finding unanswered(Throwable fault) {
    log.atDebug().setCause(fault).log("Kafka could not be checked");
    if (fault instanceof AuthorizationException) {
      return new Finding(
          Server.KAFKA,
          Severity.WARNING,
          "the topics' settings cannot be checked (%s)".formatted(fault.getMessage()),
          "allow the relay to describe the cluster, its topics, and their configuration");
    }
    return new Finding(
        Server.KAFKA,
        Severity.ERROR,
        "Kafka does not answer at %s%s"
            .formatted(
                settings.get(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG),
                fault instanceof AuthenticationException ? " (" + rootOf(fault) + ")" : ""),
        "see that it runs and that KAFKA_BOOTSTRAP_SERVERS and KAFKA_CLIENT_… are right");
  }
}
