package dev.tidemark.operator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.event.EventHeaders;
import dev.tidemark.invalidator.SharedKafka;
import dev.tidemark.invalidator.TestProducts;
import dev.tidemark.invalidator.TestTopic;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// The command `resync` in this program, which lacks the libraries that read the log. `ResyncIT` of
/// the relay tells what it promises.
@ExtendWith(SharedKafka.class)
class ResyncCommandIT {

  @TempDir static Path dir;
  private static final Map<String, String> environment = new HashMap<>();
  private static TestProducts products;

  @BeforeAll
  static void startServers(KafkaServer kafka) throws Exception {
    products = TestProducts.start(dir.resolve("postgres"));
    environment.put("KAFKA_BOOTSTRAP_SERVERS", kafka.bootstrapServers());
    environment.put("KAFKA_PRODUCT_TOPIC", "resync-" + UUID.randomUUID() + ".events");
    environment.put(
        "DATABASE_URL", products.server().url().replace("postgres@", "tidemark_relay@"));
  }

  @AfterAll
  static void stopServers() {
    products.close();
  }

  @Test
  void statesAreSentAgain() throws Exception {
    products.bringTo("kettle", 3);
    products.bringTo("teapot", 1);

    CommandOutcome outcome = CommandOutcome.of(environment, "resync", "--id", "kettle", "--json");

    assertThat(outcome.code()).as(outcome.toString()).isZero();
    assertThat(outcome.out()).contains("\"sent\":1", "\"lastId\":\"kettle\"");
    try (TestTopic topic =
        new TestTopic(
            environment.get("KAFKA_BOOTSTRAP_SERVERS"), environment.get("KAFKA_PRODUCT_TOPIC"))) {
      assertThat(topic.records())
          .singleElement()
          .satisfies(
              record -> assertThat(new String(record.key(), UTF_8)).isEqualTo("kettle"),
              record ->
                  assertThat(record.headers().lastHeader(EventHeaders.RESYNC).value())
                      .isNotEmpty());
    }
  }

  @Test
  void wrongSettingIsToldAsOfTheOtherCommands() {
    CommandOutcome outcome = CommandOutcome.of(Map.of(), "resync", "--json");

    assertThat(outcome.code()).isEqualTo(2);
    assertThat(outcome.out()).startsWith("{\"error\":\"").contains("DATABASE_URL is not set");
  }
}
