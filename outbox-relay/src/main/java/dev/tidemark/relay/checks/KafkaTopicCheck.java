package dev.tidemark.relay.checks;

import dev.tidemark.event.Topics;
import dev.tidemark.relay.sink.KafkaTopics;
import dev.tidemark.relay.status.Finding;
import dev.tidemark.relay.status.Finding.Server;
import dev.tidemark.relay.status.Finding.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.TopicConfig;

/// Risks in a topic's settings. None of them stops the stream by itself.
final class KafkaTopicCheck {
  private final Topic topic;
  private final List<Finding> findings = new ArrayList<>();

  enum Use {
    EVENTS,
    DEAD_LETTERS,
    POSITIONS
  }

  /// @param config all settings that hold for the topic, the brokers' defaults included
  record Topic(String name, Use use, Map<String, String> config, int replicas) {
    /// Returns false for a setting that the cluster does not report.
    boolean isBelow(String setting, long least) {
      var value = config.get(setting);
      return value != null && Long.parseLong(value) < least;
    }

    /// Returns false for a setting that the cluster does not report.
    boolean isOtherThan(String setting, String wanted) {
      var value = config.get(setting);
      return value != null && !value.equals(wanted);
    }
  }

  private KafkaTopicCheck(Topic topic) {
    this.topic = topic;
  }

  static List<Finding> findings(Topic topic, int brokers) {
    var check = new KafkaTopicCheck(topic);
    if (topic.replicas() == 1 && brokers > 1) {
      check.warn(
          "has one replica on a cluster of several brokers",
          "add replicas (kafka-reassign-partitions): without that broker the stream stands still,"
              + " and its disk holds the only copy");
    }
    switch (topic.use()) {
      case EVENTS -> check.events();
      case DEAD_LETTERS -> check.holdsLargestRecord();
      case POSITIONS -> check.positions();
    }
    return check.findings;
  }

  private void events() {
    holdsLargestRecord();
    if (topic.isOtherThan(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT)) {
      warnOf(
          TopicConfig.CLEANUP_POLICY_CONFIG,
          TopicConfig.CLEANUP_POLICY_COMPACT,
          "else the latest state of keys that rest for long is deleted");
    } else if (topic.isBelow(
        TopicConfig.MIN_COMPACTION_LAG_MS_CONFIG, KafkaTopics.COMPACTION_LAG.toMillis())) {
      warnOf(
          TopicConfig.MIN_COMPACTION_LAG_MS_CONFIG,
          Long.toString(KafkaTopics.COMPACTION_LAG.toMillis()),
          "else versions are missing from recent history");
    }
  }

  private void holdsLargestRecord() {
    if (topic.isBelow(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, Topics.MAX_RECORD_BYTES)) {
      warnOf(
          TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
          Integer.toString(Topics.MAX_RECORD_BYTES),
          "else a larger row becomes a dead letter");
    }
  }

  private void positions() {
    if (topic.isOtherThan(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE)) {
      warnOf(
          TopicConfig.CLEANUP_POLICY_CONFIG,
          TopicConfig.CLEANUP_POLICY_DELETE,
          "compaction takes the relay's memory, and events may come twice after a crash");
    }
    if (topic.isOtherThan(TopicConfig.RETENTION_MS_CONFIG, "-1")) {
      warnOf(
          TopicConfig.RETENTION_MS_CONFIG,
          "-1",
          "else a relay that rests for longer forgets, and events may come twice");
    }
  }

  private void warnOf(String setting, String wanted, String why) {
    warn(
        "has %s = %s".formatted(setting, topic.config().get(setting)),
        "set it to %s (kafka-configs --alter), %s".formatted(wanted, why));
  }

  private void warn(String what, String remedy) {
    findings.add(
        new Finding(
            Server.KAFKA, Severity.WARNING, "topic %s %s".formatted(topic.name(), what), remedy));
  }
}
