package dev.tidemark.devstack.client;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// A client of product-api. Thread-safe.
public final class ProductApi {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final int NOT_FOUND = 404;

  private final HttpClient http;
  private final ApiAddress address;

  /// Answer to a read.
  ///
  /// @param version empty when the product is not there
  /// @param hit whether the cache served it
  public record ReadAnswer(int status, OptionalLong version, boolean hit) {}

  /// Answer to a write.
  ///
  /// @param version of the product after it; empty when nothing was written
  public record WriteAnswer(int status, OptionalLong version) {}

  /// Results of an import.
  ///
  /// @param deleted empty where nothing was to be deleted
  /// @param wouldDelete of a deletion that is to be confirmed first; empty where none is
  /// @param products how many there are, where a deletion is to be confirmed
  /// @param problem why it came to an early end; empty when it did not
  public record ImportAnswer(
      long created,
      long updated,
      long unchanged,
      long failed,
      OptionalLong deleted,
      OptionalLong wouldDelete,
      long products,
      List<String> failures,
      Optional<String> problem) {

    public long lines() {
      return created + updated + unchanged + failed;
    }
  }

  public ProductApi(HttpClient http, ApiAddress address) {
    this.http = http;
    this.address = address;
  }

  /// Reads a product.
  ///
  /// @param minVersion the version below which nothing may be answered; 0 for any
  public ReadAnswer read(String id, long minVersion) throws IOException, InterruptedException {
    HttpRequest.Builder request = request("/products/" + id);
    if (minVersion > 0) {
      request.header("Min-Version", Long.toString(minVersion));
    }
    HttpResponse<byte[]> answer = http.send(request.build(), BodyHandlers.ofByteArray());
    boolean hit =
        answer.headers().firstValue("Cache-Status").map(text -> text.contains("hit")).orElse(false);
    OptionalLong version =
        answer.statusCode() == NOT_FOUND ? OptionalLong.empty() : version(answer);
    return new ReadAnswer(answer.statusCode(), version, hit);
  }

  public WriteAnswer put(String id, String json) throws IOException, InterruptedException {
    return write(
        request("/products/" + id)
            .header("Content-Type", "application/json")
            .PUT(BodyPublishers.ofString(json)));
  }

  public WriteAnswer delete(String id) throws IOException, InterruptedException {
    return write(request("/products/" + id).DELETE());
  }

  /// Sends products as they come from the stream, without a time limit.
  public ImportAnswer importLines(InputStream ndjson) throws IOException, InterruptedException {
    return importLines(ndjson, false, "");
  }

  /// Sends products as the other `importLines` does, with more options.
  ///
  /// @param gzip whether the stream is compressed
  /// @param query of the request, with its question mark; may be empty
  public ImportAnswer importLines(InputStream ndjson, boolean gzip, String query)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        authorised(HttpRequest.newBuilder(address.url().resolve("/products/import" + query)))
            .header("Content-Type", "application/x-ndjson")
            .POST(BodyPublishers.ofInputStream(() -> ndjson));
    if (gzip) {
      request.header("Content-Encoding", "gzip");
    }
    HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString());
    JsonNode json = json(answer.body());
    List<String> failures = new ArrayList<>();
    for (JsonNode failure : json.path("errors")) {
      if (failure.has("line")) {
        failures.add(
            "line %d: %s %s"
                .formatted(
                    failure.path("line").asLong(),
                    failure.path("field").asText(),
                    failure.path("rule").asText())
                .replace(":  ", ": "));
      }
    }
    return new ImportAnswer(
        json.path("created").asLong(),
        json.path("updated").asLong(),
        json.path("unchanged").asLong(),
        json.path("failed").asLong(),
        count(json, "deleted"),
        count(json, "wouldDelete"),
        json.path("products").asLong(),
        failures,
        answer.statusCode() / 100 == 2 && json.has("created")
            ? Optional.empty()
            : Optional.of(
                json.has("detail")
                    ? json.path("detail").asText()
                    : "what answers at %s is no product API (status %d)"
                        .formatted(address.url(), answer.statusCode())));
  }

  private static OptionalLong count(JsonNode json, String name) {
    return json.has(name) ? OptionalLong.of(json.path(name).asLong()) : OptionalLong.empty();
  }

  /// Returns the JSON of a text; nothing where the text is no JSON.
  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      return MissingNode.getInstance();
    }
  }

  private WriteAnswer write(HttpRequest.Builder request) throws IOException, InterruptedException {
    HttpResponse<Void> answer = http.send(authorised(request).build(), BodyHandlers.discarding());
    return new WriteAnswer(
        answer.statusCode(),
        answer.statusCode() / 100 == 2 ? version(answer) : OptionalLong.empty());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(address.url().resolve(path)).timeout(TIMEOUT);
  }

  private HttpRequest.Builder authorised(HttpRequest.Builder request) {
    address.token().ifPresent(token -> request.header("Authorization", "Bearer " + token));
    return request;
  }

  /// Returns the version, which is the entity tag: `ETag: "42"`.
  private static OptionalLong version(HttpResponse<?> answer) {
    return answer
        .headers()
        .firstValue("ETag")
        .map(tag -> OptionalLong.of(Long.parseLong(tag.replace("\"", ""))))
        .orElse(OptionalLong.empty());
  }
}
