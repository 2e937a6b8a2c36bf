package dev.tidemark.invalidator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/// Where a service serves its health, as the variable of the environment says.
///
/// @param service for a human, `relay`
/// @param base without a slash at the end
record AdminPort(String service, String variable, String base) {

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final Set<Integer> EXPECTED = Set.of(200, 503);
  private static final ObjectMapper json = new ObjectMapper();

  /// Why there is no answer, in words.
  static final class Unanswered extends Exception {
    Unanswered(String message) {
      super(message);
    }
  }

  /// Those of all instances, comma between, in the variable.
  static List<AdminPort> from(
      Environment environment, String service, String variable, String otherwise) {
    return environment.list(variable, otherwise).stream()
        .map(text -> text.replaceAll("/+$", ""))
        .filter(text -> isAddress(environment, variable, text))
        .map(text -> new AdminPort(service, variable, text))
        .toList();
  }

  private static boolean isAddress(Environment environment, String variable, String text) {
    if (!text.matches("https?://[^/?#]+")) {
      environment.fault("%s is '%s', but must be http://host:port".formatted(variable, text));
      return false;
    }
    try {
      URI.create(text);
      return true;
    } catch (IllegalArgumentException e) {
      environment.fault("%s is '%s': %s".formatted(variable, text, e.getMessage()));
      return false;
    }
  }

  JsonNode json(String path) throws Unanswered {
    try {
      return json.readTree(text(path));
    } catch (JsonProcessingException e) {
      throw new Unanswered(
          "%s%s does not answer with JSON: %s must be the admin address of a %s"
              .formatted(base, path, variable, service));
    }
  }

  String text(String path) throws Unanswered {
    URI address = URI.create(base + path);
    HttpRequest request = HttpRequest.newBuilder(address).timeout(PATIENCE).build();
    try (HttpClient http = HttpClient.newBuilder().connectTimeout(PATIENCE).build()) {
      var answer = http.send(request, BodyHandlers.ofString());
      if (!EXPECTED.contains(answer.statusCode())) {
        throw new Unanswered(
            "%s answers %d: %s must be the admin address of a %s"
                .formatted(address, answer.statusCode(), variable, service));
      }
      return answer.body();
    } catch (IOException e) {
      throw new Unanswered(
          "no %s answers at %s: see that it runs, and that %s, or --data DIR, is right"
              .formatted(service, address, variable));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Unanswered("interrupted");
    }
  }
}
