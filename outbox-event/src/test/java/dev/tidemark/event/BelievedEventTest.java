package dev.tidemark.event;

import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.event.ReceivedEvent.Poison;
import dev.tidemark.event.ReceivedEvent.Valid;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Test that an event is trusted only if key, headers and value agree.
class BelievedEventTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "product.updated | {}                                             | lacks the member id",
        "product.updated | {\"id\":\"kettle\"}                            | lacks the member id",
        "product.updated | {\"version\":7}                                | lacks the member id",
        "product.updated | {\"id\":\"kettle\",\"version\":\"7\"}          | lacks the member id",
        "product.updated | {\"id\":\"kettle\",\"version\":7.0}            | lacks the member id",
        "product.updated | {\"id\":\"teapot\",\"version\":7}              | 'teapot'",
        "product.updated | {\"id\":\"kettle\",\"version\":6}              | version is 6",
        "product.updated | {\"id\":\"kettle\",\"version\":7,\"deleted\":true} | deleted",
        "product.deleted | {\"id\":\"kettle\",\"version\":7}              | there",
        "product.updated | {\"id\":\"kettle\",\"version\":6,\"version\":7} | not a JSON object",
        "product.updated | [{\"id\":\"kettle\",\"version\":7}]            | not a JSON object",
        "product.updated | {\"id\":\"kettle\",\"version\":7               | not a JSON object",
        "product.updated | {\"id\":\"kettle\",\"version\":7} {}           | not a JSON object",
        "product.updated | {\"id\":\"kettle\",\"version\":99999999999999999999} | not a JSON"
            + " object",
        "order.updated   | {\"id\":\"teapot\",\"version\":7}              | 'teapot'",
        "order.updated   | {\"id\":\"kettle\",\"version\":6}              | version is 6",
      })
  void whatContradictsItselfIsPoison(String type, String value, String reason) {
    assertThat(read("kettle", type, "7", value))
        .isInstanceOfSatisfying(
            Poison.class,
            poison -> {
              assertThat(poison.reason()).contains(reason);
              assertThat(poison.isContradictory()).isTrue();
              assertThat(poison.aggregateIds()).contains("kettle");
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "product.updated |"
            + " {\"name\":{\"id\":1,\"version\":[2]},\"id\":\"kettle\",\"version\":7,\"deleted\":false}",
        "product.deleted | {\"id\":\"kettle\",\"version\":7,\"deleted\":true}",
        "order.updated   | {}",
        "order.updated   | {\"id\":\"x\"}",
        "order.updated   | {\"version\":3}",
        "order.updated   | {\"id\":\"x\",\"version\":\"1.2\"}",
        "order.updated   | {\"id\":\"kettle\",\"version\":7,\"deleted\":true}",
        "order.updated   | hello",
        "order.deleted   | {}",
      })
  void whatDoesNotIsAnEvent(String type, String value) {
    assertThat(read("kettle", type, "7", value))
        .isInstanceOfSatisfying(Valid.class, event -> assertThat(event.version()).isEqualTo(7));
  }

  @Test
  void anIdMayBeANumber() {
    assertThat(read("42", "order.updated", "7", "{\"id\":42,\"version\":7}"))
        .isInstanceOf(Valid.class);
  }

  @Test
  void allIdsThatARecordNamesAreKnown() {
    assertThat(read("kettle", "product.updated", "7", "{\"id\":\"teapot\",\"version\":7}"))
        .isInstanceOfSatisfying(
            Poison.class,
            poison -> assertThat(poison.aggregateIds()).containsExactly("kettle", "teapot"));
  }

  @Test
  void theSubjectIsTheKey() {
    Map<String, byte[]> headers = headers("product.updated", "7");
    headers.put(EventHeaders.SUBJECT, "teapot".getBytes(UTF_8));

    assertThat(
            ReceivedEvent.read(
                "kettle".getBytes(UTF_8),
                headers::get,
                "{\"id\":\"kettle\",\"version\":7}".getBytes(UTF_8)))
        .isInstanceOfSatisfying(
            Poison.class,
            poison -> {
              assertThat(poison.reason()).contains("ce_subject", "teapot");
              assertThat(poison.aggregateIds()).containsExactly("kettle", "teapot");
              assertThat(poison.isContradictory()).isTrue();
            });
  }

  @Test
  void jsonThatIsNotUtf8IsNoneForReaders() {
    assertThat(
            ReceivedEvent.read(
                "kettle".getBytes(UTF_8),
                headers("product.updated", "7")::get,
                "{\"id\":\"kettle\",\"version\":7}".getBytes(UTF_16LE)))
        .isInstanceOf(Poison.class);
  }

  @Test
  void aProductWithoutAValueIsPoison() {
    assertThat(
            ReceivedEvent.read(
                "kettle".getBytes(UTF_8), headers("product.updated", "7")::get, null))
        .isInstanceOf(Poison.class);
  }

  private static ReceivedEvent read(String key, String type, String version, String value) {
    return ReceivedEvent.read(
        key.getBytes(UTF_8), headers(type, version)::get, value.getBytes(UTF_8));
  }

  private static Map<String, byte[]> headers(String type, String version) {
    Map<String, byte[]> headers = new HashMap<>();
    headers.put(EventHeaders.TYPE, type.getBytes(UTF_8));
    headers.put(EventHeaders.AGGREGATE_VERSION, version.getBytes(UTF_8));
    return headers;
  }
}
