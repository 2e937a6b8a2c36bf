package dev.tidemark.invalidator;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemark.event.Topics;
import dev.tidemark.invalidator.PartStatus.Line;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/// Kafka: the topics, their dead letters, and how far the group of the invalidators is. Confined to
/// one thread.
final class KafkaPart {

  private static final String NAME = "kafka";
  private static final int TIMEOUT_MILLIS = 5000;

  private final KafkaSettings settings;
  private final String group;
  private final ObjectNode json = JsonNodeFactory.instance.objectNode();
  private final List<Line> lines = new ArrayList<>();
  private boolean red;

  private KafkaPart(KafkaSettings settings, String group) {
    this.settings = settings;
    this.group = group;
  }

  static PartStatus ask(KafkaSettings settings, String group) {
    KafkaPart part = new KafkaPart(settings, group);
    Map<String, Object> own = settings.forClient();
    own.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, TIMEOUT_MILLIS);
    own.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, TIMEOUT_MILLIS);
    try (Admin admin = Admin.create(own)) {
      part.ask(admin);
      part.json.put("ready", !part.red);
      return new PartStatus(NAME, part.json, part.red, part.lines);
    } catch (ExecutionException e) {
      return part.unanswered(KafkaSettings.words(e));
    } catch (KafkaException e) {
      return part.unanswered(e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return part.unanswered("interrupted");
    }
  }

  private PartStatus unanswered(String cause) {
    return PartStatus.unanswered(NAME, NAME, settings.silence(cause));
  }

  private void ask(Admin admin) throws ExecutionException, InterruptedException {
    List<TopicPartition> partitions = new ArrayList<>();
    ArrayNode topics = json.putArray("topics");
    for (String topic : settings.topics()) {
      Optional<List<TopicPartition>> found = partitions(admin, topic);
      ObjectNode node = topics.addObject().put("name", topic);
      if (found.isEmpty()) {
        red = true;
        say(
            NAME,
            false,
            "there is no topic %s yet: a relay makes it, see that one runs".formatted(topic));
        continue;
      }
      partitions.addAll(found.get());
      long events = records(admin, found.get());
      long letters =
          records(admin, partitions(admin, Topics.deadLettersOf(topic)).orElse(List.of()));
      node.put("partitions", found.get().size()).put("offsets", events).put("deadLetters", letters);
      say(
          NAME,
          true,
          "%s: %d partitions, some %,d events, %,d dead letters"
              .formatted(topic, found.get().size(), events, letters));
    }
    askGroup(admin, partitions);
  }

  private void askGroup(Admin admin, List<TopicPartition> partitions)
      throws ExecutionException, InterruptedException {
    long lag = KafkaGroupLag.events(admin, group, partitions);
    int members = members(admin);
    json.putObject("group").put("id", group).put("members", members).put("lagEvents", lag);
    if (members == 0) {
      red = true;
      say(
          "group",
          false,
          "%s has no member, %,d events behind: start an invalidator".formatted(group, lag));
    } else {
      say(
          "group",
          true,
          "%s: %d %s, %,d events behind"
              .formatted(group, members, members == 1 ? "member" : "members", lag));
    }
  }

  private int members(Admin admin) throws ExecutionException, InterruptedException {
    try {
      ConsumerGroupDescription described =
          only(admin.describeConsumerGroups(List.of(group)).describedGroups());
      return described.members().size();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof GroupIdNotFoundException) {
        return 0;
      }
      throw e;
    }
  }

  private static Optional<List<TopicPartition>> partitions(Admin admin, String topic)
      throws ExecutionException, InterruptedException {
    try {
      TopicDescription described = only(admin.describeTopics(List.of(topic)).topicNameValues());
      return Optional.of(
          described.partitions().stream()
              .map(partition -> new TopicPartition(topic, partition.partition()))
              .toList());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static <T> T only(Map<String, KafkaFuture<T>> answers)
      throws ExecutionException, InterruptedException {
    return answers.values().iterator().next().get();
  }

  /// Between the first and the last offsets: compaction and transactions leave holes.
  private static long records(Admin admin, List<TopicPartition> partitions)
      throws ExecutionException, InterruptedException {
    if (partitions.isEmpty()) {
      return 0;
    }
    Map<TopicPartition, Long> sizes =
        new HashMap<>(KafkaGroupLag.offsets(admin, partitions, OffsetSpec.latest()));
    KafkaGroupLag.offsets(admin, partitions, OffsetSpec.earliest())
        .forEach((partition, first) -> sizes.merge(partition, -first, Long::sum));
    return sizes.values().stream().mapToLong(size -> size).sum();
  }

  private void say(String what, boolean well, String text) {
    lines.add(new Line(what, PartStatus.wellOrRed(well, text)));
  }
}
