package dev.tidemark.devstack.stack;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.StringJoiner;

/// Asks services whether they are ready. Thread-safe.
final class Health {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  private final HttpClient http;

  Health(HttpClient http) {
    this.http = http;
  }

  /// Returns what the service at this admin address lacks: an empty text when it is ready; empty
  /// when it does not answer.
  Optional<String> missing(URI adminUrl) {
    try {
      HttpResponse<String> answer =
          http.send(
              HttpRequest.newBuilder(adminUrl.resolve("/health/ready")).timeout(TIMEOUT).build(),
              HttpResponse.BodyHandlers.ofString());
      return Optional.of(
          answer.statusCode() / 100 == 2 ? "" : reasons(answer.statusCode(), answer.body()));
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /// Returns the reasons of the checks that are not up, from
  /// `{"checks":[{"name":…,"status":"DOWN","data":{"reason":…}}]}`.
  static String reasons(int status, String body) {
    StringJoiner reasons = new StringJoiner("; ");
    try {
      for (JsonNode check : JSON.readTree(body).path("checks")) {
        if (!check.path("status").asText().equals("UP")) {
          reasons.add(
              check.path("name").asText()
                  + ": "
                  + check.path("data").path("reason").asText("down"));
        }
      }
    } catch (JsonProcessingException e) {
      // Reported below, with the answers that name no check.
    }
    return reasons.length() == 0
        ? "health answers %d %s".formatted(status, body).strip()
        : reasons.toString();
  }
}
