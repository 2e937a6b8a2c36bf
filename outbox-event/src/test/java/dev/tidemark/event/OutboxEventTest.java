package dev.tidemark.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.event.ReceivedEvent.Poison;
import dev.tidemark.event.ReceivedEvent.Valid;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OutboxEventTest {
  private static final UUID ID = UUID.fromString("0198c0de-0000-7000-8000-000000000001");
  private static final Instant TIME = Instant.parse("2026-01-02T03:04:05.678901Z");
  private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  @Test
  void headersAreCloudEventsInBinaryMode() {
    var headers = headersOf(event("product", "kettle", 42, "product.updated"));

    assertThat(headers)
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                "ce_specversion", "1.0",
                "ce_id", ID.toString(),
                "ce_source", "/tidemark/outbox",
                "ce_type", "product.updated",
                "ce_subject", "kettle",
                "ce_time", "2026-01-02T03:04:05.678901Z",
                "ce_aggregateversion", "42",
                "content-type", "application/json",
                "traceparent", TRACE));
  }

  @Test
  void whatIsWrittenIsReadBack() {
    var written = event("product", "kettle-€", 42, "product.updated");
    var headers = headersOf(written);

    var read =
        ReceivedEvent.read(
            written.key(),
            name -> bytes(headers.get(name)),
            bytes("{\"id\":\"kettle-€\",\"version\":42}"));

    assertThat(read)
        .isEqualTo(
            new Valid(
                "product",
                "kettle-€",
                "product.updated",
                42,
                Optional.of(TIME),
                Optional.of(TRACE),
                true));
  }

  @ParameterizedTest
  @CsvSource({
    "Product,  kettle, 1, Product.updated",
    "'',       kettle, 1, .updated",
    "../etc,   kettle, 1, ../etc.updated",
    "product,  '',     1, product.updated",
    "product,  kettle, 0, product.updated",
    "product,  kettle, 9007199254740992, product.updated",
    "product,  kettle, 1, updated",
    "product,  kettle, 1, product.",
    "product,  kettle, 1, order.updated",
  })
  void whatBreaksTheContractIsRefused(String type, String id, long version, String eventType) {
    assertThatThrownBy(() -> event(type, id, version, eventType))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "-1",
        "+1",
        "1.0",
        "1e3",
        "9007199254740992",
        "99999999999999999999",
        "x"
      })
  void absurdVersionLeavesTheKeyKnown(String version) {
    var headers = headersOf(event("product", "kettle", 1, "product.updated"));
    headers.put("ce_aggregateversion", version);

    var read = ReceivedEvent.read(bytes("kettle"), name -> bytes(headers.get(name)));

    assertThat(read)
        .isInstanceOfSatisfying(
            Poison.class,
            poison -> {
              assertThat(poison.aggregateIds()).containsExactly("kettle");
              assertThat(poison.aggregateType()).contains("product");
              assertThat(poison.version()).isEmpty();
              assertThat(poison.reason()).contains("ce_aggregateversion");
            });
  }

  @Test
  void missingTypeLeavesKeyAndVersionKnown() {
    var read =
        ReceivedEvent.read(
            bytes("kettle"), name -> name.equals("ce_aggregateversion") ? bytes("7") : null);

    assertThat(read)
        .isInstanceOfSatisfying(
            Poison.class,
            poison -> {
              assertThat(poison.aggregateIds()).containsExactly("kettle");
              assertThat(poison.version()).hasValue(7);
            });
  }

  @Test
  void missingKeyIsUnreadable() {
    assertThat(ReceivedEvent.read(null, name -> bytes("x"))).isInstanceOf(Poison.class);
  }

  @Test
  void unreadableTimeCostsNothingButTheTime() {
    var headers = headersOf(event("product", "kettle", 1, "product.updated"));
    headers.put("ce_time", "yesterday");

    var read = ReceivedEvent.read(bytes("kettle"), name -> bytes(headers.get(name)));

    assertThat(read)
        .isInstanceOfSatisfying(Valid.class, event -> assertThat(event.time()).isEmpty());
  }

  @Test
  void stateToldAgainSaysNothingOfHowFastChangesCome() {
    var headers = headersOf(event("product", "kettle", 1, "product.updated"));
    headers.put(EventHeaders.RESYNC, "a run");

    var read = ReceivedEvent.read(bytes("kettle"), name -> bytes(headers.get(name)));

    assertThat(read)
        .isInstanceOfSatisfying(Valid.class, event -> assertThat(event.time()).isEmpty());
  }

  private static OutboxEvent event(String type, String id, long version, String eventType) {
    return new OutboxEvent(ID, type, id, version, eventType, "{}", Optional.of(TRACE), TIME);
  }

  private static Map<String, String> headersOf(OutboxEvent event) {
    var headers = new HashMap<String, String>();
    event.headers(
        (name, value) -> assertThat(headers.put(name, new String(value, UTF_8))).isNull());
    return headers;
  }

  private static byte[] bytes(String text) {
    return text == null ? null : text.getBytes(UTF_8);
  }
}
