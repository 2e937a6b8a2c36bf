package dev.tidemark.invalidator;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemark.invalidator.settings.Configuration;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/// The service on a thread of its own in this JVM, seen through its admin port like by an operator.
public final class TestInvalidator implements AutoCloseable {

  private final Service service;
  private final CompletableFuture<Void> end;
  private final HttpClient http = HttpClient.newHttpClient();

  public TestInvalidator(Map<String, String> environment) {
    this.service = Service.start(Configuration.from(environment));
    this.end = CompletableFuture.runAsync(service::run, task -> new Thread(task, "owner").start());
    await().until(() -> end.isDone() || service.adminPort() > 0);
  }

  public boolean isReady() {
    return get("/health/ready").statusCode() == 200;
  }

  public String readiness() {
    return get("/health/ready").body();
  }

  public JsonNode status() {
    try {
      return new ObjectMapper().readTree(get("/status").body());
    } catch (JsonProcessingException e) {
      throw new AssertionError("no JSON", e);
    }
  }

  /// Returns the sum over the label sets that have all of the labels, given as `name="value"`.
  public double metric(String name, String... labels) {
    return get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
        .filter(line -> Arrays.stream(labels).allMatch(line::contains))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  public String url() {
    return "http://127.0.0.1:" + service.adminPort();
  }

  private HttpResponse<String> get(String path) {
    try {
      return http.send(
          HttpRequest.newBuilder(URI.create(url() + path)).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new AssertionError("the admin port does not answer", e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  public boolean hasEnded() {
    return end.isDone();
  }

  @Override
  public void close() {
    service.close();
    end.join();
    http.close();
  }
}
