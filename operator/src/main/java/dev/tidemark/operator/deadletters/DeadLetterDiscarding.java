package dev.tidemark.operator.deadletters;

import dev.tidemark.invalidation.Unavailable;
import dev.tidemark.operator.run.CommandRun;
import dev.tidemark.operator.run.CommandRun.Result;
import dev.tidemark.operator.run.Progress;
import dev.tidemark.operator.run.StopRequest;
import dev.tidemark.operator.topics.ScanStart;
import dev.tidemark.operator.topics.TopicScan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import picocli.CommandLine.ExitCode;

/// Marks dead letters as discarded. It marks only letters that were seen; letters that come
/// meanwhile stay.
final class DeadLetterDiscarding implements CommandRun.Work {

  private final DeadLetterTopics box;
  private final List<DeadLetterId> ids;
  private final List<DeadLetterId> upTo;
  private final boolean dryRun;

  private final List<DeadLetterId> discarded = new ArrayList<>();
  private final List<DeadLetterId> before = new ArrayList<>();

  /// @param ids just these; or none, and
  /// @param upTo all of their partitions up to these
  DeadLetterDiscarding(
      DeadLetterTopics box, List<DeadLetterId> ids, List<DeadLetterId> upTo, boolean dryRun) {
    this.box = box;
    this.ids = List.copyOf(ids);
    this.upTo = List.copyOf(upTo);
    this.dryRun = dryRun;
  }

  @Override
  public Result run(Progress progress, StopRequest stopping) {
    List<DeadLetterId> wanted = ids.stream().map(box::whole).distinct().toList();
    List<DeadLetterId> lasts = upTo.stream().map(box::whole).distinct().toList();
    List<DeadLetterId> found = new ArrayList<>();
    DeadLetterDiscards known =
        box.forEach(
            new ScanStart.Beginning(),
            stopping,
            record -> {
              DeadLetterId id = DeadLetterId.of(record);
              if (wanted.contains(id) || lasts.stream().anyMatch(id::isUpTo)) {
                found.add(id);
              }
            });
    discarded.addAll(found);
    for (DeadLetterId id : wanted) {
      if (known.has(partition(id), id.offset())) {
        before.add(id);
      } else if (!discarded.contains(id)) {
        throw new Unavailable("there is no dead letter %s; list shows all".formatted(id));
      }
    }
    if (!dryRun && !discarded.isEmpty()) {
      mark(lasts.isEmpty() ? singly() : ranges());
    }
    return result();
  }

  private static TopicPartition partition(DeadLetterId id) {
    return new TopicPartition(id.topic(), id.partition());
  }

  /// Letters of a partition, both ends included.
  private record Range(TopicPartition partition, long first, long last) {}

  private List<Range> singly() {
    return discarded.stream()
        .map(id -> new Range(partition(id), id.offset(), id.offset()))
        .toList();
  }

  private List<Range> ranges() {
    Map<TopicPartition, Range> ranges = new HashMap<>();
    for (DeadLetterId id : discarded) {
      ranges.merge(
          partition(id),
          new Range(partition(id), id.offset(), id.offset()),
          (one, other) ->
              new Range(
                  one.partition(),
                  Math.min(one.first(), other.first()),
                  Math.max(one.last(), other.last())));
    }
    return List.copyOf(ranges.values());
  }

  private void mark(List<Range> ranges) {
    try (Producer<byte[], byte[]> producer = producer()) {
      List<Future<?>> sent = new ArrayList<>();
      for (Range range : ranges) {
        sent.add(
            producer.send(DeadLetterDiscards.mark(range.partition(), range.first(), range.last())));
      }
      for (Future<?> each : sent) {
        each.get();
      }
    } catch (ExecutionException e) {
      throw new KafkaException("not all letters are discarded: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Unavailable("interrupted");
    }
  }

  private Producer<byte[], byte[]> producer() {
    Map<String, Object> own = box.settings().forClient();
    own.put(ProducerConfig.ACKS_CONFIG, "all");
    own.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    own.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, (int) TopicScan.PATIENCE.toMillis());
    own.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) TopicScan.PATIENCE.toMillis());
    return new KafkaProducer<>(own, new ByteArraySerializer(), new ByteArraySerializer());
  }

  @Override
  public Result result() {
    Map<String, Object> json = new TreeMap<>();
    json.put("dryRun", dryRun);
    json.put(dryRun ? "wouldDiscard" : "discarded", texts(discarded));
    json.put("discardedBefore", texts(before));
    return new Result(
        ExitCode.OK,
        "%,d %s%s"
            .formatted(
                discarded.size(),
                dryRun ? "would be discarded" : "discarded",
                before.isEmpty() ? "" : ", %,d were before".formatted(before.size())),
        json);
  }

  private static List<String> texts(List<DeadLetterId> letters) {
    return letters.stream().map(DeadLetterId::toString).toList();
  }

  @Override
  public String resumption() {
    return Stream.concat(
            ids.stream().map(DeadLetterId::toString), upTo.stream().map(id -> "--up-to " + id))
        .collect(Collectors.joining(" ", "", dryRun ? " --dry-run" : " --yes"));
  }
}
