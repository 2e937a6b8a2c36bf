package dev.tidemark.relay.sink;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.RetryPolicy;
import dev.tidemark.event.Topics;
import dev.tidemark.relay.settings.Configuration;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Creates the topics that the relay writes to, where they are absent. A topic that exists is left
/// as it is.
///
/// Confined to one thread.
public final class KafkaTopics {
  private static final Logger log = LoggerFactory.getLogger(KafkaTopics.class);

  /// Time for which history is complete. After that only each key's latest state is certain to be
  /// there.
  public static final Duration COMPACTION_LAG = Duration.ofDays(7);

  /// Retries: the broker that is asked may not even have heard of the topic.
  private static final RetryPolicy<Object> UNTIL_KNOWN =
      RetryPolicy.builder()
          .handleIf(fault -> fault.getCause() instanceof UnknownTopicOrPartitionException)
          .withDelay(Duration.ofMillis(20))
          .withMaxAttempts(-1)
          .withMaxDuration(Duration.ofSeconds(10))
          .build();

  private static final long POSITIONS_BYTES = 256L << 20;

  /// Segment size. Confluent Cloud refuses segments below 50 MiB.
  private static final long POSITIONS_SEGMENT_BYTES = 64L << 20;

  private final Map<String, Object> settings;
  private final int partitions;
  private final Consumer<String> filled;
  private final Set<String> known = new HashSet<>();

  public KafkaTopics(Configuration configuration) {
    this(configuration, topic -> {});
  }

  /// @param filled receives the topics of events that are written to
  public KafkaTopics(Configuration configuration, Consumer<String> filled) {
    this.filled = filled;
    this.settings = configuration.kafka();
    this.partitions = configuration.topicPartitions();
  }

  public void ensureEvents(String topic) {
    if (known.contains(topic)) {
      return;
    }
    ensure(
        topic,
        partitions,
        Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT),
        Map.of(
            TopicConfig.MIN_COMPACTION_LAG_MS_CONFIG, Long.toString(COMPACTION_LAG.toMillis()),
            TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(Topics.MAX_RECORD_BYTES)));
    filled.accept(topic);
  }

  public void ensureDeadLetters(String topic) {
    ensure(
        topic,
        1,
        Map.of(TopicConfig.RETENTION_MS_CONFIG, "-1"),
        Map.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Integer.toString(Topics.MAX_RECORD_BYTES)));
  }

  /// Creates the topic of positions. It has one partition, for the order, and is limited by size
  /// and never by time, so that a relay that was idle for weeks finds its place.
  public void ensurePositions(String topic) {
    ensure(
        topic,
        1,
        Map.of(TopicConfig.RETENTION_MS_CONFIG, "-1"),
        Map.of(
            TopicConfig.RETENTION_BYTES_CONFIG, Long.toString(POSITIONS_BYTES),
            TopicConfig.SEGMENT_BYTES_CONFIG, Long.toString(POSITIONS_SEGMENT_BYTES)));
  }

  /// Thrown for a topic that cannot be created at any attempt. The message names the topic and the
  /// reason.
  static final class Refused extends KafkaException {
    Refused(String topic, Throwable cause) {
      super("topic %s cannot be made: %s".formatted(topic, cause.getMessage()), cause);
    }
  }

  /// @param wished settings without which the topic is made where Kafka refuses them
  private void ensure(
      String topic, int partitions, Map<String, String> needed, Map<String, String> wished) {
    if (known.contains(topic)) {
      return;
    }
    try (var admin = Admin.create(settings)) {
      // A user without the right to create topics gets the same answer for one that exists.
      if (!isThere(admin, topic)) {
        make(admin, topic, partitions, needed, wished);
      }
    }
    known.add(topic);
  }

  /// Creates the topic with all settings that are wished, or else without one of them, or else
  /// without any.
  private static void make(
      Admin admin,
      String topic,
      int partitions,
      Map<String, String> needed,
      Map<String, String> wished) {
    List<Set<String>> without = new ArrayList<>(List.of(Set.of()));
    wished.keySet().stream().sorted().map(Set::of).forEach(without::add);
    without.add(wished.keySet());
    var reason = "";
    for (var left : without) {
      var config = new HashMap<>(wished);
      config.keySet().removeAll(left);
      config.putAll(needed);
      try {
        make(admin, topic, partitions, config);
        if (!left.isEmpty()) {
          log.atWarn()
              .addKeyValue("topic", topic)
              .addKeyValue("without", left)
              .addKeyValue("reason", reason)
              .log("creating the topic without the settings that Kafka refuses");
        }
        return;
      } catch (Refused refused) {
        var cause = refused.getCause();
        var isOfSettings =
            cause instanceof PolicyViolationException
                || cause instanceof InvalidConfigurationException;
        if (cause == null || !isOfSettings || left.equals(wished.keySet())) {
          throw refused;
        }
        reason = String.valueOf(cause.getMessage());
      }
    }
  }

  private static void make(Admin admin, String topic, int partitions, Map<String, String> config) {
    try {
      var wanted = new NewTopic(topic, Optional.of(partitions), Optional.empty()).configs(config);
      admin.createTopics(List.of(wanted)).all().get();
      awaitWritable(admin, topic, partitions);
      log.atInfo()
          .addKeyValue("topic", topic)
          .addKeyValue("partitions", partitions)
          .log("topic created");
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      if (isForGood(cause)) {
        throw new Refused(topic, cause);
      }
      if (!(cause instanceof TopicExistsException)) {
        throw new KafkaException("topic " + topic + " could not be created", cause);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaException("interrupted while creating topic " + topic, e);
    }
  }

  private static boolean isThere(Admin admin, String topic) {
    try {
      admin.describeTopics(List.of(topic)).allTopicNames().get();
      return true;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException
          || e.getCause() instanceof AuthorizationException) {
        return false;
      }
      throw new KafkaException("topic " + topic + " could not be looked at", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KafkaException("interrupted while looking at topic " + topic, e);
    }
  }

  /// Returns whether Kafka will give the same answer the next time.
  static boolean isForGood(@Nullable Throwable fault) {
    return fault instanceof ApiException
        && !(fault instanceof RetriableException)
        && !(fault instanceof AuthenticationException)
        && !(fault instanceof TopicExistsException);
  }

  /// Waits until the topic accepts records. It is known before its partitions do. When the first
  /// batch of an idempotent producer comes too early and the second in time, the first is never
  /// accepted, and the producer gives up only after its delivery timeout.
  private static void awaitWritable(Admin admin, String topic, int partitions) {
    var latest =
        IntStream.range(0, partitions)
            .mapToObj(n -> new TopicPartition(topic, n))
            .collect(Collectors.toMap(p -> p, p -> OffsetSpec.latest()));
    try {
      Failsafe.with(UNTIL_KNOWN).run(() -> admin.listOffsets(latest).all().get());
    } catch (FailsafeException e) {
      throw new KafkaException("topic " + topic + " takes no records", e.getCause());
    }
  }
}
