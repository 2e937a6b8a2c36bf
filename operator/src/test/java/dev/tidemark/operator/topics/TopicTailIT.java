package dev.tidemark.operator.topics;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidator.SharedKafka;
import dev.tidemark.invalidator.TestTopic;
import dev.tidemark.operator.run.StopRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(SharedKafka.class)
class TopicTailIT {

  private static KafkaServer kafka;

  private final List<String> given = new CopyOnWriteArrayList<>();
  private final StopRequest stopping = new StopRequest();
  private TestTopic topic;

  @BeforeAll
  static void startServer(KafkaServer shared) {
    kafka = shared;
  }

  @BeforeEach
  void begin() throws Exception {
    topic =
        new TestTopic(kafka.bootstrapServers(), "product-" + UUID.randomUUID() + ".events")
            .create(3);
  }

  @AfterEach
  void end() {
    topic.close();
  }

  /// The sink may take any time.
  @Test
  void readToTheEndMeansThatAllIsGivenThatWasThere_H42() {
    topic.publish("before", 1);
    try (TopicTail tail =
        TopicTail.open(
            settings(),
            record -> {
              LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
              given.add(new String(record.key(), UTF_8));
            })) {
      tail.readToEnd(stopping);
      assertThat(given).containsExactly("before");
      for (int i = 0; i < 10; i++) {
        topic.publish("k" + i, 1);
        tail.readToEnd(stopping);
        assertThat(given).hasSize(2 + i).contains("k" + i);
      }
    }
  }

  @Test
  void whatIsNotCommittedAndTheMarkersOfTransactionsHoldNothingUp() {
    topic.publishInTransaction("committed", 1);
    topic.publishAborted("aborted", 1);
    try (TopicTail tail = tail()) {
      tail.readToEnd(stopping);
    }
    assertThat(given).containsExactlyInAnyOrder("committed", "aborted");
  }

  @Test
  void partitionsThatAreAddedAreReadFromTheirBeginning_H39() throws Exception {
    try (TopicTail tail = tail()) {
      tail.readToEnd(stopping);
      topic.addPartitionsUpTo(5);
      topic.publishTo(4, "added", 1);
      tail.readToEnd(stopping);
    }
    assertThat(given).containsExactly("added");
  }

  @Test
  void aSinkThatFailsIsTold() {
    topic.publish("a", 1);
    try (TopicTail tail =
        TopicTail.open(
            settings(),
            record -> {
              throw new AssertionError("does not fit");
            })) {
      assertThatThrownBy(() -> tail.readToEnd(stopping))
          .isInstanceOf(KafkaException.class)
          .hasMessageContaining("does not fit");
    }
  }

  private TopicTail tail() {
    return TopicTail.open(settings(), record -> given.add(new String(record.key(), UTF_8)));
  }

  private KafkaSettings settings() {
    return new KafkaSettings(
        Map.of("bootstrap.servers", kafka.bootstrapServers()), List.of(topic.name()));
  }
}
