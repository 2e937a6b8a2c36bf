package dev.tidemark.operator.deadletters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.event.EventHeaders;
import dev.tidemark.invalidation.EventReading;
import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidator.SharedKafka;
import dev.tidemark.invalidator.TestTopic;
import dev.tidemark.operator.CommandOutcome;
import dev.tidemark.operator.deadletters.DeadLetterEvent.Corrections;
import dev.tidemark.operator.run.CommandOptions;
import dev.tidemark.operator.run.Progress;
import dev.tidemark.operator.run.StopRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Promises of `dead-letters`, on real Kafka, for the letters of both writers.
@ExtendWith(SharedKafka.class)
class DeadLetterCommandIT {

  private static final String STATE = TestTopic.json("kettle", 4);

  private static KafkaServer kafka;

  private TestTopic topic;
  private TestTopic letters;

  @BeforeAll
  static void startServers(KafkaServer shared) {
    kafka = shared;
  }

  @BeforeEach
  void begin() throws ExecutionException, InterruptedException {
    String name = "product-" + UUID.randomUUID() + ".events";
    topic = new TestTopic(kafka.bootstrapServers(), name).create(2);
    letters = new TestTopic(kafka.bootstrapServers(), name + ".dlt").create(1);
  }

  @AfterEach
  void end() {
    topic.close();
    letters.close();
  }

  @Test
  void listShowsThoseOfTheRelayAndOfTheInvalidator() {
    ofRelay("kettle", STATE);
    ofInvalidator("teapot", Map.of("ce_type", "product.updated"), STATE);

    assertThat(run("list"))
        .satisfies(outcome -> assertThat(outcome.code()).isZero())
        .satisfies(
            outcome ->
                assertThat(outcome.out().lines())
                    .satisfiesExactly(
                        line -> assertThat(line).contains(":0:0", "relay", "kettle", "is broken"),
                        line -> assertThat(line).contains(":0:1", "invalidator", "teapot"),
                        line -> assertThat(line).isEqualTo("2 dead letters")));
    assertThat(run("list", "--json", "--prefix", "tea").out())
        .contains("\"by\":\"invalidator\"", "\"key\":\"teapot\"")
        .doesNotContain("kettle\",");
  }

  @Test
  void whereThereAreNoneListSaysSo() throws ExecutionException, InterruptedException {
    try (TestTopic lonely =
        new TestTopic(kafka.bootstrapServers(), "lonely-" + UUID.randomUUID() + ".events")
            .create(1)) {
      Map<String, String> environment = environment();
      environment.put("KAFKA_PRODUCT_TOPIC", lonely.name());
      assertThat(CommandOutcome.of(environment, "dead-letters", "list").out())
          .isEqualToIgnoringNewLines("0 dead letters");
    }
  }

  @Test
  void showTellsAllOfALetter() {
    ofInvalidator("teapot", Map.of("ce_type", "product.updated"), "no json");
    assertThat(run("show", "0:0").out())
        .contains("ce_type: product.updated", "value     no json", "reason    is broken");
    assertThat(run("show", "5"))
        .satisfies(outcome -> assertThat(outcome.code()).isEqualTo(1))
        .satisfies(outcome -> assertThat(outcome.err()).contains("no dead letter 0:5"));
  }

  @Test
  void aLetterPutRightIsSentAsAnEventOnce() {
    ofRelay("kettle", STATE);

    assertThat(run("send", "0:0"))
        .satisfies(outcome -> assertThat(outcome.code()).isEqualTo(1))
        .satisfies(outcome -> assertThat(outcome.err()).contains("--type tells it"));
    String[] right = {"send", "0:0", "--type", "product.updated", "--aggregate-version", "4"};
    assertThat(run(right).out()).startsWith("1 sent");
    assertThat(run(right).out()).startsWith("0 sent, 1 superseded");

    assertHolds(4L);
    assertThat(EventReading.of(topic.records().getFirst()).fault()).isEmpty();
  }

  @Test
  void anOldStateNeverComesBehindANewerOne() {
    topic.publish("kettle", 5);
    letter("kettle", 4);
    letter("kettle", 6);
    letter("kettle", 6);

    CommandOutcome dry = run("send", "--all", "--dry-run", "--json");
    assertThat(dry.out()).contains("\"wouldSend\":[\"" + letters.name() + ":0:1\"]");
    assertThat(topic.records()).hasSize(1);

    assertThat(run("send", "--all").out()).startsWith("1 sent, 2 superseded");
    assertHolds(5L, 6L);
  }

  @Test
  void whatComesWhileALetterIsSentSupersedesIt() {
    letter("kettle", 4);
    var sending =
        new DeadLetterSendRun(
            new DeadLetterTopics(KafkaSettings.from(environment()), line -> {}),
            List.of(),
            new Corrections(Optional.empty(), Optional.empty(), OptionalLong.empty()),
            new CommandOptions(),
            line -> {},
            () -> topic.publish("kettle", 5));
    assertThat(sending.run(new Progress(), new StopRequest()).text())
        .startsWith("0 sent, 1 superseded");
    assertHolds(5L);
  }

  @Test
  void whatAKilledRunLeftOpenIsNotTakenForSent() {
    letter("kettle", 4);
    topic.publishAborted("kettle", 4);
    assertThat(run("send", "--all").out()).startsWith("1 sent");
    assertHolds(4L);
  }

  @Test
  void whatCannotBeReadByOthersIsNotSent() {
    ofInvalidator(
        "kettle", Map.of("ce_type", "product.updated", "ce_aggregateversion", "2"), "no json");
    ofInvalidator("kettle", Map.of("ce_type", "product.updated", "ce_aggregateversion", "2"), null);
    ofInvalidator(
        "kettle", Map.of("ce_type", "product.updated", "ce_aggregateversion", "-1"), STATE);
    ofInvalidator(
        "teapot",
        Map.of(
            "ce_type",
            "product.updated",
            "ce_aggregateversion",
            "4",
            EventHeaders.DEAD_LETTER_VALUE_LENGTH,
            "5000000"),
        "{");
    ofInvalidator(
        "kettle", Map.of("ce_type", "product.updated", "ce_aggregateversion", "9"), STATE);
    CommandOutcome outcome = run("send", "--all");
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.err())
        .contains("not a JSON object", "has no value", "version -1 must be", "is cut")
        .contains("the value's version is 4, header ce_aggregateversion says 9");
    assertThat(topic.records()).isEmpty();
  }

  @Test
  void discardedLettersAreGone() {
    ofRelay("kettle", STATE);
    letter("teapot", 2);
    letter("pan", 3);

    assertThat(run("discard", "0:1", "--dry-run").out()).startsWith("1 would be discarded");
    assertThat(run("list").out()).contains("3 dead letters");

    assertThat(run("discard", "0:1", "--yes").out()).startsWith("1 discarded");
    assertThat(run("discard", "0:1", letters.name() + ":0:2", "--yes", "--json").out())
        .contains(
            "\"discarded\":[\"" + letters.name() + ":0:2\"]",
            "\"discardedBefore\":[\"" + letters.name() + ":0:1\"]");

    assertThat(run("list").out()).contains("kettle", "1 dead letters").doesNotContain("teapot");
    assertThat(run("show", "0:1").err()).contains("or it was discarded");
    assertThat(run("send", "--all").out()).startsWith("0 sent");
    assertThat(topic.records()).isEmpty();
  }

  @Test
  void discardUpToALetterLeavesWhatComesBehindIt() {
    ofRelay("kettle", STATE);
    ofRelay("teapot", STATE);
    ofRelay("pan", STATE);

    assertThat(run("discard", "--up-to", "0:1", "--dry-run", "--json").out())
        .contains(
            "\"wouldDiscard\":[\"" + letters.name() + ":0:0\",\"" + letters.name() + ":0:1\"]");
    assertThat(run("discard", "--up-to", "0:1", "--yes").out()).startsWith("2 discarded");
    assertThat(run("list").out()).contains("pan", "1 dead letters");
    assertThat(run("discard", "--up-to", "0:9", "--yes").out()).startsWith("1 discarded");
    ofRelay("cup", STATE);
    assertThat(run("list").out()).contains("cup", "1 dead letters");
  }

  @Test
  void discardAsksForYesAndForLettersThatAreThere() {
    ofRelay("kettle", STATE);
    CommandOutcome unsure = run("discard", "0:0", "--json");
    assertThat(unsure.code()).isEqualTo(2);
    assertThat(unsure.err()).contains("--yes is missing");
    assertThat(unsure.out()).startsWith("{\"error\":\"--yes is missing");
    assertThat(run("discard", "0:7", "--yes"))
        .satisfies(outcome -> assertThat(outcome.code()).isEqualTo(1))
        .satisfies(outcome -> assertThat(outcome.err()).contains("no dead letter"));
    assertThat(run("discard", "--yes").err()).contains("either ids or --up-to");
    assertThat(run("list").out()).contains("1 dead letters");
  }

  @Test
  void wrongUsageIsTold() {
    assertThat(run().code()).isEqualTo(2);
    assertThat(run("send").err()).contains("either ids or --all");
    assertThat(run("send", "--all", "--type", "product.updated").err()).contains("just one id");
    assertThat(run("show", "x").err()).contains("as list shows it");
  }

  /// A committed transaction is visible when its marker is written, a moment later.
  private void assertHolds(Long... versions) {
    await().untilAsserted(() -> assertThat(versions()).containsExactly(versions));
  }

  private List<Long> versions() {
    return topic.records().stream()
        .map(record -> EventReading.of(record).version().orElseThrow())
        .toList();
  }

  private void ofRelay(String key, String value) {
    letters.publishRaw(key, Map.of("dlt-reason", "is broken", "dlt-topic", topic.name()), value);
  }

  private void ofInvalidator(String key, Map<String, String> headers, String value) {
    Map<String, String> all = new HashMap<>(headers);
    all.putAll(
        Map.of(
            "dlt-reason",
            "is broken",
            "dlt-topic",
            topic.name(),
            "dlt-partition",
            "0",
            "dlt-offset",
            "7"));
    letters.publishRaw(key, all, value);
  }

  private void letter(String key, long version) {
    ofInvalidator(
        key,
        Map.of("ce_type", "product.updated", "ce_aggregateversion", Long.toString(version)),
        TestTopic.json(key, version));
  }

  private CommandOutcome run(String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "dead-letters";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    return CommandOutcome.of(environment(), all);
  }

  private Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    environment.put("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers());
    environment.put("KAFKA_PRODUCT_TOPIC", topic.name());
    return environment;
  }
}
