package dev.tidemark.operator.status;

import dev.tidemark.operator.deadletters.DeadLetterCount;
import java.util.List;
import java.util.Optional;

/// State of Kafka, by the names that `status --json` has. Immutable.
///
/// @param topics those that the settings name
/// @param otherTopics those that carry events, and that no setting names
/// @param deadLetters empty where they could not be counted
record KafkaState(
    List<Topic> topics,
    Group group,
    List<String> otherTopics,
    Optional<DeadLetterCount.Result> deadLetters,
    boolean ready) {

  KafkaState {
    topics = List.copyOf(topics);
    otherTopics = List.copyOf(otherTopics);
  }

  /// A topic.
  ///
  /// @param partitions their number; empty when there is no such topic
  /// @param offsets between the beginning and the end; empty when there is no such topic
  record Topic(String name, Optional<Integer> partitions, Optional<Long> offsets) {}

  /// The group of the invalidators.
  ///
  /// @param lagEvents empty when Kafka did not answer in time
  /// @param members their number; empty when Kafka did not answer in time
  /// @param topics those that the members have; none while it is rebalancing
  record Group(
      String id, Optional<Long> lagEvents, Optional<Integer> members, List<String> topics) {

    Group {
      topics = List.copyOf(topics);
    }
  }
}
