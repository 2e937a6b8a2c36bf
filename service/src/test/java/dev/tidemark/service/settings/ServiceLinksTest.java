package dev.tidemark.service.settings;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServiceLinksTest {

  private static final Map<String, String> OF_A_SERVICE =
      Map.of(
          "TIDEMARK_API_SERVICE_HOST", "10.0.0.1",
          "TIDEMARK_API_SERVICE_PORT", "8080",
          "TIDEMARK_API_SERVICE_PORT_ADMIN_HTTP", "8081",
          "TIDEMARK_API_PORT", "tcp://10.0.0.1:8080",
          "TIDEMARK_API_PORT_8080_TCP", "tcp://10.0.0.1:8080",
          "TIDEMARK_API_PORT_8080_TCP_PROTO", "tcp",
          "TIDEMARK_API_PORT_8080_TCP_PORT", "8080",
          "TIDEMARK_API_PORT_8080_TCP_ADDR", "10.0.0.1",
          "TIDEMARK_SERVICE_HOST", "10.0.0.2",
          "TIDEMARK_PORT", "tcp://[fd00::1]:80");

  @Test
  void variablesOfServicesArePassedOverWithOneLine() {
    List<String> lines = new ArrayList<>();
    Map<String, String> environment = new HashMap<>(OF_A_SERVICE);
    environment.put("TIDEMARK_API_HOST", "0.0.0.0");

    assertThat(ServiceLinks.passedOver(environment, lines::add))
        .isEqualTo(Map.of("TIDEMARK_API_HOST", "0.0.0.0"));
    assertThat(lines)
        .singleElement()
        .satisfies(line -> assertThat(line).contains(OF_A_SERVICE.keySet()));
  }

  @Test
  void settingsAndWhatIsMisspelledStay() {
    Map<String, String> environment =
        Map.of(
            "TIDEMARK_API_PORT", "8080",
            "TIDEMARK_API_PROT", "tcp://10.0.0.1:8080",
            "TIDEMARK_API_ADMIN_PORT", "http://10.0.0.1:8080",
            "TIDEMARK_RELAY_SERVICE", "x",
            "REDIS_PORT", "tcp://10.0.0.1:6379");
    List<String> lines = new ArrayList<>();

    assertThat(ServiceLinks.passedOver(environment, lines::add)).isEqualTo(environment);
    assertThat(lines).isEmpty();
  }
}
