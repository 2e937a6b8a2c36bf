package dev.tidemark.invalidator.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.service.settings.InvalidSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationTest {

  private final Map<String, String> environment =
      new HashMap<>(
          Map.of(
              "KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9092", "REDIS_URL", "redis://127.0.0.1:6379"));

  @Test
  void whatIsNotSetHasItsDefault() {
    Configuration configuration = Configuration.from(environment);
    assertThat(configuration.kafka().topics()).containsExactly("product.events");
    assertThat(configuration.group()).isEqualTo("tidemark-invalidator");
    assertThat(configuration.adminHost()).isEqualTo("127.0.0.1");
    assertThat(configuration.adminPort()).isEqualTo(8083);
    assertThat(configuration.redis().timeout()).isEqualTo(Duration.ofSeconds(1));
    assertThat(configuration.kafka().client())
        .containsOnly(
            Map.entry("bootstrap.servers", "127.0.0.1:9092"),
            Map.entry("client.id", "tidemark-invalidator"));
  }

  @Test
  void severalTopicsMayBeFollowed() {
    environment.put("KAFKA_PRODUCT_TOPIC", "product.events, stock.events");
    assertThat(Configuration.from(environment).kafka().topics())
        .containsExactly("product.events", "stock.events");
  }

  @Test
  void anyKafkaClientSettingIsPassedOn() {
    environment.put("KAFKA_CLIENT_SECURITY_PROTOCOL", "SASL_SSL");
    environment.put("KAFKA_CLIENT_CLIENT_ID", "mine");
    assertThat(Configuration.from(environment).kafka().client())
        .containsEntry("security.protocol", "SASL_SSL")
        .containsEntry("client.id", "mine");
  }

  @Test
  void theAddressOfRedisMayStandInAFileWhateverBlanksAreAroundIt(@TempDir Path dir)
      throws IOException {
    Path file = Files.writeString(dir.resolve("redis"), " redis://:secret@h:1 \r\n\n");
    environment.remove("REDIS_URL");
    environment.put("REDIS_URL_FILE", file.toString());
    assertThat(Configuration.from(environment).redis().url()).isEqualTo("redis://:secret@h:1");
  }

  @Test
  void settingsOfOtherProgramsAreIgnored() {
    environment.put("TIDEMARK_API_PORT", "1");
    environment.put("TIDEMARK_RELAY_SLOT", "x");
    assertThat(Configuration.from(environment)).isNotNull();
  }

  @Test
  void whatKubernetesTellsOfServicesIsNoSetting() {
    environment.put("TIDEMARK_INVALIDATOR_PORT", "tcp://10.0.0.1:8083");
    environment.put("TIDEMARK_INVALIDATOR_SERVICE_HOST", "10.0.0.1");
    assertThat(Configuration.from(environment)).isNotNull();
  }

  @Test
  void aSampleIsAuditedUnlessToldOtherwise() {
    assertThat(Configuration.from(environment).audit()).contains(AuditSettings.of(0.01));
    assertThat(Configuration.from(environment).database()).isEmpty();
    environment.put("TIDEMARK_INVALIDATOR_AUDIT_SAMPLE", "0.2");
    assertThat(Configuration.from(environment).audit()).contains(AuditSettings.of(0.2));
    environment.put("TIDEMARK_INVALIDATOR_AUDIT", "full");
    assertThat(Configuration.from(environment).audit()).contains(AuditSettings.of(1));
    environment.put("TIDEMARK_INVALIDATOR_AUDIT", "off");
    assertThat(Configuration.from(environment).audit()).isEmpty();
  }

  @Test
  void theAuditMayAskADatabase() {
    environment.put("DATABASE_URL", "postgresql://tidemark_audit@h/d");
    assertThat(Configuration.from(environment).database().orElseThrow().user())
        .isEqualTo("tidemark_audit");
  }

  @ParameterizedTest
  @CsvSource({
    "TIDEMARK_INVALIDATOR_ADMIN_PORT, 70000",
    "TIDEMARK_INVALIDATOR_ADMIN_PORT, http",
    "TIDEMARK_INVALIDATOR_REDIS_TIMEOUT_MS, 0",
    "TIDEMARK_INVALIDATOR_REWIND_SECONDS, 0",
    "TIDEMARK_INVALIDATOR_AUDIT, 'on'",
    "TIDEMARK_INVALIDATOR_AUDIT_SAMPLE, 0",
    "TIDEMARK_INVALIDATOR_AUDIT_SAMPLE, 1.5",
    "TIDEMARK_INVALIDATOR_AUDIT_SAMPLE, some",
    "DATABASE_URL, nonsense",
    "TIDEMARK_INVALIDATOR_ADMINPORT, 1",
    "TIDEMARK_SOMETHING, 1",
    "KAFKA_PRODUCT_TOPIC, 'a,,b'",
    "KAFKA_PRODUCT_TOPIC, 'a b'",
    "KAFKA_GROUP_ID, ''",
    "KAFKA_BOOTSTRAP_SERVERS, ''",
    "REDIS_URL, 'http://h'",
    "REDIS_URL, 'rediss://h?sslrootcert=/no/such/file'",
    "KAFKA_CLIENT_SASL_JAAS_CONFIG_FILE, /no/such/file",
    "KAFKA_CLIENT_GROUP_PROTOCOL, share",
    "KAFKA_CLIENT_GROUP_REMOTE_ASSIGNOR, range"
  })
  void aWrongValueIsNamed(String name, String value) {
    environment.put(name, value);
    assertThatThrownBy(() -> Configuration.from(environment))
        .isInstanceOf(InvalidSettings.class)
        .hasMessageContaining(name);
  }

  @Test
  void allFaultsAreToldAtOnceAndNoPassword() {
    environment.clear();
    environment.put("REDIS_URL", "redis://:secret@h:notaport");
    environment.put("TIDEMARK_INVALIDATOR_ADMIN_PORT", "-1");
    assertThatThrownBy(() -> Configuration.from(environment))
        .hasMessageContainingAll(
            "KAFKA_BOOTSTRAP_SERVERS", "REDIS_URL", "TIDEMARK_INVALIDATOR_ADMIN_PORT")
        .hasMessageNotContaining("secret");
  }
}
