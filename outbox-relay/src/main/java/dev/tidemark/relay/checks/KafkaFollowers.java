package dev.tidemark.relay.checks;

import dev.tidemark.relay.status.Finding;
import dev.tidemark.relay.status.Finding.Server;
import dev.tidemark.relay.status.Finding.Severity;
import dev.tidemark.relay.status.TopicFollower;
import dev.tidemark.relay.status.TopicFollower.Followed;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/// Topics that the invalidators' consumer group follows: those that its members have, and those for
/// which it has kept a position. When a topic is filled and not followed, the cache stays stale
/// until its entries expire.
///
/// Confined to one thread.
final class KafkaFollowers {
  /// Number of looks before a finding: a group that starts has no members for some time.
  private static final int LOOKS_BEFORE_FINDING = 3;

  private final String group;
  private final Map<String, Integer> unfollowed = new HashMap<>();

  KafkaFollowers(String group) {
    this.group = group;
  }

  List<TopicFollower> look(Admin admin, Collection<String> topics) throws InterruptedException {
    var followed = followed(admin);
    return topics.stream()
        .sorted()
        .map(
            topic ->
                new TopicFollower(
                    topic,
                    followed
                        .map(f -> f.contains(topic) ? Followed.YES : Followed.NO)
                        .orElse(Followed.UNKNOWN)))
        .toList();
  }

  /// Returns the topics that are found not to be followed in several looks in a row.
  List<Finding> findings(List<TopicFollower> looked) {
    looked.forEach(
        topic ->
            unfollowed.compute(
                topic.topic(),
                (name, times) ->
                    topic.followed() == Followed.NO ? (times == null ? 1 : times + 1) : null));
    return looked.stream()
        .map(TopicFollower::topic)
        .filter(topic -> unfollowed.getOrDefault(topic, 0) >= LOOKS_BEFORE_FINDING)
        .map(this::finding)
        .toList();
  }

  private Finding finding(String topic) {
    return new Finding(
        Server.KAFKA,
        Severity.WARNING,
        "topic %s: published, and no invalidator follows (group %s)".formatted(topic, group),
        "give the invalidators the same KAFKA_PRODUCT_TOPIC as the relay, with %s in it, and the relay their KAFKA_GROUP_ID"
            .formatted(topic));
  }

  private Optional<Set<String>> followed(Admin admin) throws InterruptedException {
    var topics = new HashSet<String>();
    try {
      var description =
          admin.describeConsumerGroups(List.of(group)).all().get().values().iterator().next();
      for (var member : description.members()) {
        member.assignment().topicPartitions().stream()
            .map(TopicPartition::topic)
            .forEach(topics::add);
      }
      admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().keySet().stream()
          .map(TopicPartition::topic)
          .forEach(topics::add);
      return Optional.of(topics);
    } catch (ExecutionException e) {
      return e.getCause() instanceof GroupIdNotFoundException
          ? Optional.of(topics)
          : Optional.empty();
    }
  }
}
