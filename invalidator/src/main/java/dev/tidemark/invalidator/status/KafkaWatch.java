package dev.tidemark.invalidator.status;

import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidator.settings.Configuration;
import dev.tidemark.invalidator.settings.ReadinessReason;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/// Checks Kafka beside the consumer, which itself does not report a Kafka that is away: whether it
/// answers, whether the topics exist, and how far this consumer is behind. Confined to one thread.
public final class KafkaWatch implements AutoCloseable {

  private static final int TIMEOUT_MILLIS = 3000;

  private final Admin admin;
  private final List<String> topics;
  private final String group;
  private final ReadinessReason obstacle;
  private final KafkaLag lag;

  private KafkaWatch(
      Admin admin, Configuration configuration, ReadinessReason obstacle, KafkaLag lag) {
    this.admin = admin;
    this.topics = configuration.kafka().topics();
    this.group = configuration.group();
    this.obstacle = obstacle;
    this.lag = lag;
  }

  /// Opens a client of its own. Looks at nothing yet.
  ///
  /// @param obstacle receives the state of Kafka
  /// @param lag receives the number of events that are left
  public static KafkaWatch open(
      Configuration configuration, ReadinessReason obstacle, KafkaLag lag) {
    Map<String, Object> settings = configuration.kafka().forClient();
    settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, TIMEOUT_MILLIS);
    settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, TIMEOUT_MILLIS);
    return new KafkaWatch(Admin.create(settings), configuration, obstacle, lag);
  }

  public void look() {
    try {
      List<String> missing = missingTopics();
      if (!missing.isEmpty()) {
        lag.clear();
        obstacle.block("there is no topic " + String.join(", ", missing) + " yet");
        return;
      }
      lag.sees(KafkaGroupLag.events(admin, group, lag.assigned()));
      obstacle.clear();
    } catch (ExecutionException e) {
      lag.clear();
      obstacle.block("Kafka does not answer: " + KafkaSettings.rootCause(e));
    } catch (KafkaException e) {
      lag.clear();
      obstacle.block("Kafka cannot be asked: " + e);
    } catch (InterruptedException closing) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      lag.clear();
      obstacle.block("Kafka cannot be asked: " + e);
      throw e;
    }
  }

  private List<String> missingTopics() throws ExecutionException, InterruptedException {
    Set<String> missing = new HashSet<>();
    for (var topic : admin.describeTopics(topics).topicNameValues().entrySet()) {
      try {
        topic.getValue().get();
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)) {
          throw e;
        }
        missing.add(topic.getKey());
      }
    }
    return missing.stream().sorted().toList();
  }

  @Override
  public void close() {
    admin.close();
  }
}
