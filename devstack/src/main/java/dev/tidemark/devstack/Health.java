package dev.tidemark.devstack;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/// Asks services whether they are ready. Thread-safe.
final class Health {
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  private final HttpClient http;

  Health(HttpClient http) {
    this.http = http;
  }

  /// What the service at this admin address says it misses; empty when it is ready.
  String missing(URI adminUrl) {
    try {
      HttpResponse<String> answer =
          http.send(
              HttpRequest.newBuilder(adminUrl.resolve("/health/ready")).timeout(TIMEOUT).build(),
              HttpResponse.BodyHandlers.ofString());
      return answer.statusCode() / 100 == 2
          ? ""
          : "health answers %d %s".formatted(answer.statusCode(), answer.body());
    } catch (IOException e) {
      return "no answer from " + adminUrl;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    }
  }
}
