package dev.tidemark.operator.status;

import dev.tidemark.event.EventHeaders;
import dev.tidemark.event.Topics;
import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.operator.deadletters.DeadLetterCount;
import dev.tidemark.operator.run.Deadline;
import dev.tidemark.operator.status.KafkaState.Group;
import dev.tidemark.operator.status.KafkaState.Topic;
import dev.tidemark.operator.status.PartStatus.Line;
import dev.tidemark.operator.topics.KafkaNewest;
import dev.tidemark.service.status.StatusJson;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/// Kafka: the topics, their dead letters, and the lag of the invalidators' group. Facts that do not
/// come in time are reported as unknown, and the others are reported. Confined to one thread at a
/// time.
final class KafkaPart implements AutoCloseable {

  static final String NAME = "kafka";

  /// Largest number of topics that are looked at without being named by a setting: a broker may
  /// have thousands of others.
  private static final int MOST_OTHERS = 20;

  /// Share of the time that the questions may take before the letters are read.
  private static final double FOR_QUESTIONS = 0.7;

  private static final String SLOW = "Kafka was slow to answer";

  private final KafkaSettings settings;
  private final String group;
  private final Duration patience;
  private @Nullable Admin admin;

  /// Connects with the first question.
  ///
  /// @param patience for one question
  KafkaPart(KafkaSettings settings, String group, Duration patience) {
    this.settings = settings;
    this.group = group;
    this.patience = patience;
  }

  private Admin admin() {
    if (admin == null) {
      Map<String, Object> own = settings.forClient();
      int millis = Math.toIntExact(patience.toMillis());
      own.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, millis);
      own.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, millis);
      admin = Admin.create(own);
    }
    return admin;
  }

  PartStatus<KafkaState> ask(Deadline deadline) {
    try {
      return new Round(admin(), deadline).ask();
    } catch (TimeoutException e) {
      return late(settings, "no answer in time");
    } catch (ExecutionException e) {
      return unanswered(settings, KafkaSettings.rootCause(e));
    } catch (KafkaException e) {
      return unanswered(settings, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return late(settings, "interrupted");
    }
  }

  static PartStatus<KafkaState> unanswered(KafkaSettings settings, String cause) {
    return PartStatus.unanswered(NAME, NAME, settings.unanswered(), KafkaSettings.remedy(cause));
  }

  static PartStatus<KafkaState> late(KafkaSettings settings, String cause) {
    return PartStatus.late(NAME, NAME, settings.unanswered(), KafkaSettings.remedy(cause));
  }

  @Override
  public void close() {
    if (admin != null) {
      admin.close(Duration.ZERO);
    }
  }

  /// Offsets between which the records of some partitions lie.
  private record Bounds(Map<TopicPartition, Long> first, Map<TopicPartition, Long> end) {

    long sizeOf(Collection<TopicPartition> partitions) {
      return partitions.stream().mapToLong(this::size).sum();
    }

    /// Returns the offset of the first of the newest records, which are at most this many.
    long start(TopicPartition partition, long newest) {
      return Math.max(first.getOrDefault(partition, 0L), end.getOrDefault(partition, 0L) - newest);
    }

    long size(TopicPartition partition) {
      return Math.max(0, end.getOrDefault(partition, 0L) - first.getOrDefault(partition, 0L));
    }
  }

  /// One look at everything.
  private final class Round {
    private final Admin admin;
    private final Deadline deadline;
    private final Deadline questions;
    private final List<Line> lines = new ArrayList<>();

    private Round(Admin admin, Deadline deadline) {
      this.admin = admin;
      this.deadline = deadline;
      this.questions = deadline.at(FOR_QUESTIONS);
    }

    PartStatus<KafkaState> ask() throws ExecutionException, InterruptedException, TimeoutException {
      KafkaFuture<ConsumerGroupDescription> description =
          Objects.requireNonNull(
              admin.describeConsumerGroups(List.of(group)).describedGroups().get(group));
      KafkaFuture<Map<TopicPartition, OffsetAndMetadata>> committed =
          admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata();
      Set<String> all = within(admin.listTopics().names());
      Set<String> own = new HashSet<>(settings.topics());
      settings.topics().stream().map(Topics::deadLettersOf).forEach(own::add);
      own.retainAll(all);
      Map<String, List<TopicPartition>> partitions = partitions(own);
      Bounds bounds = bounds(partitions);
      List<Topic> topics = topics(partitions, bounds);
      Group ofInvalidators = group(description, committed, partitions, bounds);
      Set<String> published = new TreeSet<>();
      Optional<DeadLetterCount.Result> letters = read(partitions, bounds, others(all), published);
      KafkaState state =
          new KafkaState(
              topics,
              ofInvalidators,
              List.copyOf(published),
              letters,
              lines.stream().map(Line::health).noneMatch(Predicate.isEqual(Health.RED)));
      return PartStatus.answered(NAME, StatusJson.tree(state), state, lines);
    }

    /// Returns the bounds of topics that no setting names, and that may be a relay's. Topics about
    /// which nothing is known, because they have just gone or have no leader, count as nobody's
    /// fault here.
    private Bounds others(Set<String> all) throws InterruptedException {
      try {
        return bounds(
            partitions(
                all.stream()
                    .filter(Topics::isOfAnAggregate)
                    .filter(topic -> !settings.topics().contains(topic))
                    .sorted()
                    .limit(MOST_OTHERS)
                    .collect(Collectors.toSet())));
      } catch (ExecutionException | TimeoutException e) {
        return new Bounds(Map.of(), Map.of());
      }
    }

    private Map<String, List<TopicPartition>> partitions(Set<String> topics)
        throws ExecutionException, InterruptedException, TimeoutException {
      Map<String, List<TopicPartition>> partitions = new HashMap<>();
      if (!topics.isEmpty()) {
        for (var topic : admin.describeTopics(topics).topicNameValues().entrySet()) {
          unlessGone(topic.getValue())
              .ifPresent(found -> partitions.put(topic.getKey(), partitions(found)));
        }
      }
      return partitions;
    }

    private static List<TopicPartition> partitions(TopicDescription description) {
      return description.partitions().stream()
          .map(partition -> new TopicPartition(description.name(), partition.partition()))
          .toList();
    }

    private Bounds bounds(Map<String, List<TopicPartition>> topics)
        throws ExecutionException, InterruptedException, TimeoutException {
      List<TopicPartition> partitions = topics.values().stream().flatMap(List::stream).toList();
      ListOffsetsResult first = admin.listOffsets(all(partitions, OffsetSpec.earliest()));
      ListOffsetsResult end =
          admin.listOffsets(
              all(partitions, OffsetSpec.latest()),
              new ListOffsetsOptions(IsolationLevel.READ_COMMITTED));
      return new Bounds(offsets(partitions, first), offsets(partitions, end));
    }

    private static Map<TopicPartition, OffsetSpec> all(
        List<TopicPartition> partitions, OffsetSpec spec) {
      Map<TopicPartition, OffsetSpec> all = new HashMap<>();
      partitions.forEach(partition -> all.put(partition, spec));
      return all;
    }

    private Map<TopicPartition, Long> offsets(
        List<TopicPartition> partitions, ListOffsetsResult answer)
        throws ExecutionException, InterruptedException, TimeoutException {
      Map<TopicPartition, Long> offsets = new HashMap<>();
      for (TopicPartition partition : partitions) {
        unlessGone(answer.partitionResult(partition))
            .ifPresent(info -> offsets.put(partition, info.offset()));
      }
      return offsets;
    }

    /// Returns the answer; empty when the topic was deleted meanwhile.
    private <T> Optional<T> unlessGone(KafkaFuture<T> answer)
        throws ExecutionException, InterruptedException, TimeoutException {
      try {
        return Optional.of(within(answer));
      } catch (ExecutionException e) {
        if (e.getCause() instanceof UnknownTopicOrPartitionException) {
          return Optional.empty();
        }
        throw e;
      }
    }

    private List<Topic> topics(Map<String, List<TopicPartition>> partitions, Bounds bounds) {
      List<Topic> topics = new ArrayList<>();
      for (String topic : settings.topics()) {
        List<TopicPartition> its = partitions.getOrDefault(topic, List.of());
        if (its.isEmpty()) {
          topics.add(new Topic(topic, Optional.empty(), Optional.empty()));
          lines.add(
              new Line(
                  NAME,
                  Health.RED,
                  "there is no topic " + topic + " yet",
                  ": a relay makes it, see that one runs"));
        } else {
          long offsets = bounds.sizeOf(its);
          topics.add(new Topic(topic, Optional.of(its.size()), Optional.of(offsets)));
          lines.add(
              Line.wellOrRed(
                  NAME,
                  true,
                  "%s: %d partitions, %,d offsets".formatted(topic, its.size(), offsets)));
        }
      }
      return topics;
    }

    private Group group(
        KafkaFuture<ConsumerGroupDescription> description,
        KafkaFuture<Map<TopicPartition, OffsetAndMetadata>> committed,
        Map<String, List<TopicPartition>> partitions,
        Bounds bounds)
        throws ExecutionException, InterruptedException {
      Optional<Long> known = Optional.empty();
      try {
        long lag = lag(within(committed), partitions, bounds);
        known = Optional.of(lag);
        Collection<MemberDescription> found = members(description);
        int members = found.size();
        lines.add(
            members == 0
                ? new Line(
                    "group",
                    Health.RED,
                    group + " has no member",
                    ", %,d events behind: start an invalidator".formatted(lag))
                : Line.wellOrRed(
                    "group",
                    true,
                    "%s: %d %s, %,d events behind"
                        .formatted(group, members, members == 1 ? "member" : "members", lag)));
        return new Group(group, known, Optional.of(members), topics(found));
      } catch (TimeoutException e) {
        lines.add(new Line("group", Health.YELLOW, group + " is not known: " + SLOW, ""));
        return new Group(group, known, Optional.empty(), List.of());
      }
    }

    private static List<String> topics(Collection<MemberDescription> members) {
      return members.stream()
          .flatMap(member -> member.assignment().topicPartitions().stream())
          .map(TopicPartition::topic)
          .distinct()
          .sorted()
          .toList();
    }

    private Collection<MemberDescription> members(KafkaFuture<ConsumerGroupDescription> description)
        throws ExecutionException, InterruptedException, TimeoutException {
      try {
        return within(description).members();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof GroupIdNotFoundException) {
          return List.of();
        }
        throw e;
      }
    }

    private long lag(
        Map<TopicPartition, OffsetAndMetadata> committed,
        Map<String, List<TopicPartition>> partitions,
        Bounds bounds) {
      return settings.topics().stream()
          .flatMap(topic -> partitions.getOrDefault(topic, List.of()).stream())
          .mapToLong(
              partition -> {
                OffsetAndMetadata own = committed.get(partition);
                long end = bounds.end().getOrDefault(partition, 0L);
                return own == null ? bounds.size(partition) : Math.max(0, end - own.offset());
              })
          .sum();
    }

    /// Reads the dead letters, and the newest records of topics that no setting names.
    ///
    /// @param published receives those of them that carry events
    /// @return the dead letters; empty where they could not be counted
    private Optional<DeadLetterCount.Result> read(
        Map<String, List<TopicPartition>> partitions,
        Bounds bounds,
        Bounds others,
        Set<String> published) {
      Set<String> letterTopics = new HashSet<>();
      settings.topics().stream().map(Topics::deadLettersOf).forEach(letterTopics::add);
      Map<TopicPartition, Long> letters = new HashMap<>();
      letterTopics.stream()
          .flatMap(topic -> partitions.getOrDefault(topic, List.of()).stream())
          .forEach(
              partition -> letters.put(partition, bounds.start(partition, DeadLetterCount.MOST)));
      Map<TopicPartition, Long> starts = new HashMap<>(letters);
      others
          .end()
          .keySet()
          .forEach(partition -> starts.put(partition, others.start(partition, KafkaNewest.FEW)));
      Map<TopicPartition, Long> ends = new HashMap<>(bounds.end());
      ends.putAll(others.end());
      DeadLetterCount count = new DeadLetterCount();
      try {
        KafkaNewest.read(
            settings,
            starts,
            ends,
            deadline,
            record -> {
              if (letterTopics.contains(record.topic())) {
                count.read(record);
              } else if (record.headers().lastHeader(EventHeaders.AGGREGATE_VERSION) != null) {
                published.add(record.topic());
              }
            });
        return Optional.of(count.result(bounds.first(), letters));
      } catch (TimeoutException e) {
        lines.add(Line.detail("dead letters", "not counted: " + SLOW));
      } catch (KafkaException e) {
        lines.add(Line.detail("dead letters", "not counted: " + e.getMessage()));
      }
      return Optional.empty();
    }

    private <T> T within(KafkaFuture<T> answer)
        throws ExecutionException, InterruptedException, TimeoutException {
      try {
        return answer.get(questions.left().toNanos(), TimeUnit.NANOSECONDS);
      } catch (ExecutionException e) {
        if (e.getCause() instanceof org.apache.kafka.common.errors.TimeoutException) {
          throw new TimeoutException(String.valueOf(e.getCause().getMessage()));
        }
        throw e;
      }
    }
  }
}
