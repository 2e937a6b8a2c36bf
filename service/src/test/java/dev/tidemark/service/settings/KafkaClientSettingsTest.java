package dev.tidemark.service.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class KafkaClientSettingsTest {

  @Test
  void anySettingHasKafkasOwnName() {
    assertThat(
            KafkaClientSettings.read(
                Map.of(
                    "KAFKA_CLIENT_SECURITY_PROTOCOL", "SSL",
                    "KAFKA_CLIENT_SASL_OAUTHBEARER_ASSERTION_FILE", "/a",
                    "KAFKA_BOOTSTRAP_SERVERS", "b")))
        .isEqualTo(Map.of("security.protocol", "SSL", "sasl.oauthbearer.assertion.file", "/a"));
  }

  @Test
  void aSecretMayBeInAFile(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("jaas"), "module required;\n");
    assertThat(
            KafkaClientSettings.read(Map.of("KAFKA_CLIENT_SASL_JAAS_CONFIG_FILE", file.toString())))
        .isEqualTo(Map.of("sasl.jaas.config", "module required;"));
  }

  @Test
  void aSecretIsNotGivenTwiceAndItsFileMustBeThere() {
    assertThatThrownBy(
            () ->
                KafkaClientSettings.read(
                    Map.of(
                        "KAFKA_CLIENT_SSL_KEY_PASSWORD", "geheim",
                        "KAFKA_CLIENT_SSL_KEY_PASSWORD_FILE", "/a")))
        .hasMessageContaining("KAFKA_CLIENT_SSL_KEY_PASSWORD_FILE are both set")
        .hasMessageNotContaining("geheim");
    assertThatThrownBy(
            () -> KafkaClientSettings.read(Map.of("KAFKA_CLIENT_SSL_KEY_PASSWORD_FILE", "/no/a")))
        .hasMessage("KAFKA_CLIENT_SSL_KEY_PASSWORD_FILE names a file that cannot be read: /no/a");
  }
}
