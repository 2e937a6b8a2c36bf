package dev.tidemark.devstack.stack;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HealthTest {
  @Test
  void theReasonsOfWhatIsDownAreTold() {
    String body =
        """
        {"status":"DOWN","checks":[{"name":"stream","status":"DOWN","data":{"reason":"no slot"}},
         {"name":"redis","status":"UP"},{"name":"kafka","status":"DOWN"}]}
        """;
    assertThat(Health.reasons(503, body)).isEqualTo("stream: no slot; kafka: down");
  }

  @Test
  void anAnswerInAnotherFormIsToldAsItIs() {
    assertThat(Health.reasons(404, "")).isEqualTo("health answers 404");
    assertThat(Health.reasons(503, "<html>")).isEqualTo("health answers 503 <html>");
    assertThat(Health.reasons(503, "{}")).isEqualTo("health answers 503 {}");
  }
}
