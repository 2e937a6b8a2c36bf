package dev.tidemark.relay.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.service.settings.InvalidSettings;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationTest {
  private final Map<String, String> environment =
      new HashMap<>(
          Map.of(
              "DATABASE_URL", "postgresql://relay:secret@db.local:5433/shop",
              "KAFKA_BOOTSTRAP_SERVERS", "kafka.local:9092"));

  @Test
  void restHasDefaults() {
    var configuration = Configuration.from(environment);

    assertThat(configuration.slot()).isEqualTo("tidemark_relay");
    assertThat(configuration.productTopic()).isEqualTo("product.events");
    assertThat(configuration.delivery()).isEqualTo(Delivery.EXACTLY_ONCE);
    assertThat(configuration.adminHost()).isEqualTo("127.0.0.1");
    assertThat(configuration.adminPort()).isEqualTo(8082);
    assertThat(configuration.retention()).contains(Duration.ofDays(7));
  }

  @ParameterizedTest
  @CsvSource({"30, 30", "1, 1"})
  void retentionIsInDays(String value, int days) {
    environment.put("TIDEMARK_RELAY_RETENTION_DAYS", value);

    assertThat(Configuration.from(environment).retention()).contains(Duration.ofDays(days));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "off"})
  void retentionCanBeForEver(String value) {
    environment.put("TIDEMARK_RELAY_RETENTION_DAYS", value);

    assertThat(Configuration.from(environment).retention()).isEmpty();
  }

  @Test
  void kafkaClientSettingsGoThroughUnderTheirOwnNames() {
    environment.put("KAFKA_CLIENT_SECURITY_PROTOCOL", "SSL");

    assertThat(Configuration.from(environment).kafka())
        .containsEntry("security.protocol", "SSL")
        .containsEntry("bootstrap.servers", "kafka.local:9092");
  }

  @Test
  void topicsOfOtherTypesFollowTheProducts() {
    environment.put("KAFKA_PRODUCT_TOPIC", "shop.products, customer.events,order.events");

    var configuration = Configuration.from(environment);

    assertThat(configuration.productTopic()).isEqualTo("shop.products");
    assertThat(configuration.otherTopics()).containsExactly("customer.events", "order.events");
  }

  @Test
  void whatKubernetesTellsOfServicesIsNoSetting() {
    environment.put("TIDEMARK_RELAY_PORT", "tcp://10.0.0.1:8082");
    environment.put("TIDEMARK_RELAY_SERVICE_HOST", "10.0.0.1");
    assertThat(Configuration.from(environment).adminPort()).isEqualTo(8082);
  }

  @Test
  void settingsOfOtherServicesAreNotOurs() {
    environment.put("TIDEMARK_API_PORT", "nonsense");
    environment.put("TIDEMARK_CONSOLE_PORT", "nonsense");

    assertThat(Configuration.from(environment).adminPort()).isEqualTo(8082);
  }

  @ParameterizedTest
  @CsvSource({
    "DATABASE_URL, mysql://x/y",
    "KAFKA_BOOTSTRAP_SERVERS, ''",
    "RELAY_DELIVERY, maybe",
    "TIDEMARK_RELAY_SLOT, No-Slot",
    "TIDEMARK_RELAY_ADMIN_PORT, 70000",
    "TIDEMARK_RELAY_TOPIC_PARTITIONS, many",
    "TIDEMARK_RELAY_RETENTION_DAYS, -1",
    "TIDEMARK_RELAY_RETENTION_DAYS, never",
    "KAFKA_PRODUCT_TOPIC, a b",
    "KAFKA_PRODUCT_TOPIC, 'product.events,'",
    "KAFKA_PRODUCT_TOPIC, 'product.events,customers'",
    "KAFKA_PRODUCT_TOPIC, 'customer.events,product.events'",
    "TIDEMARK_RELAY_SLOTT, x",
    "TIDEMARK_SLOT, x",
    "KAFKA_CLIENT_SASL_JAAS_CONFIG_FILE, /no/such/file",
  })
  void faultNamesItsVariable(String name, String value) {
    environment.put(name, value);

    assertThatThrownBy(() -> Configuration.from(environment))
        .isInstanceOf(InvalidSettings.class)
        .hasMessageContaining(name);
  }

  @Test
  void allFaultsAreToldAtOnceAndNoSecret() {
    environment.put("DATABASE_URL", "postgresql://relay:secret@db.local:99999/shop");
    environment.put("RELAY_DELIVERY", "maybe");

    assertThatThrownBy(() -> Configuration.from(environment))
        .hasMessageContainingAll("DATABASE_URL", "RELAY_DELIVERY")
        .hasMessageNotContaining("secret");
  }
}
