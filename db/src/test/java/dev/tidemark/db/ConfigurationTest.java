package dev.tidemark.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ConfigurationTest {

  private static final String URL = "postgresql://postgres@localhost/tidemark";

  @Test
  void theAddressIsEnough() {
    Configuration configuration = Configuration.from(Map.of("DATABASE_URL", URL, "HOME", "/"));
    assertThat(configuration.patience()).isEqualTo(Duration.ofSeconds(60));
    assertThat(configuration.passwords()).isEmpty();
  }

  @Test
  void passwordsBelongToTheirRoles() {
    assertThat(
            Configuration.from(Map.of("DATABASE_URL", URL, "TIDEMARK_DB_RELAY_PASSWORD", "r"))
                .passwords())
        .containsExactly(Map.entry(Login.RELAY, "r"));
  }

  @Test
  void whatKubernetesTellsOfServicesIsNoSetting() {
    assertThat(
            Configuration.from(
                Map.of("DATABASE_URL", URL, "TIDEMARK_DB_PORT", "tcp://10.0.0.1:5432")))
        .isNotNull();
  }

  @Test
  void settingsOfTheServicesAreNotOurs() {
    assertThat(
            Configuration.from(Map.of("DATABASE_URL", URL, "TIDEMARK_RELAY_ADMIN_PORT", "8082"))
                .database()
                .host())
        .isEqualTo("localhost");
  }

  @Test
  void allFaultsAreToldAtOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Configuration.from(
                    Map.of(
                        "TIDEMARK_DB_WAIT_SECONDS", "soon",
                        "TIDEMARK_DB_SLOT_FAILOVER", "maybe",
                        "TIDEMARK_DB_API_PASSWORD", "",
                        "TIDEMARK_DB_API_PASSWROD", "x",
                        "TIDEMARK_APIS_PORT", "1")))
        .withMessageContaining("DATABASE_URL is not set")
        .withMessageContaining("TIDEMARK_DB_WAIT_SECONDS is \"soon\"")
        .withMessageContaining("TIDEMARK_DB_SLOT_FAILOVER is \"maybe\"")
        .withMessageContaining("TIDEMARK_DB_API_PASSWORD is empty")
        .withMessageContaining("TIDEMARK_DB_API_PASSWROD is not a setting")
        .withMessageContaining("TIDEMARK_APIS_PORT is not a setting");
  }
}
