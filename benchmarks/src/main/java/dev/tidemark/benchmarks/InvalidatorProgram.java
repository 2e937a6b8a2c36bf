package dev.tidemark.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemark.embedded.Ports;
import dev.tidemark.service.status.InvalidatorReport;
import dev.tidemark.service.status.StatusJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Tidemark's invalidator as its users run it, in a process of its own.
final class InvalidatorProgram implements AutoCloseable {

  /// JVM options, the same as from `bin/tidemark invalidate`.
  static final String JVM = "-XX:+UseSerialGC -Xshare:auto -Xmn64m -XX:MetaspaceSize=64m";

  private final CarrierProcess process;
  private final HttpRequest status;
  private final HttpClient http = HttpClient.newHttpClient();

  private InvalidatorProgram(CarrierProcess process, int adminPort) {
    this.process = process;
    this.status =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:%d/status".formatted(adminPort)))
            .build();
  }

  /// @param group another for each run, which so begins at the topic's beginning
  /// @param settings for its environment, beside where to read and to evict
  static InvalidatorProgram start(
      List<String> jvmOptions,
      Map<String, String> settings,
      EvictionTopic topic,
      String group,
      String redisUrl,
      Path log) {
    int adminPort = Ports.free();
    Map<String, String> environment = new HashMap<>(settings);
    environment.put("KAFKA_BOOTSTRAP_SERVERS", topic.bootstrapServers());
    environment.put("KAFKA_PRODUCT_TOPIC", topic.name());
    environment.put("KAFKA_GROUP_ID", group);
    environment.put("REDIS_URL", redisUrl);
    environment.put("TIDEMARK_INVALIDATOR_ADMIN_PORT", Integer.toString(adminPort));
    return new InvalidatorProgram(
        CarrierProcess.start(
            "invalidator", jvmOptions, List.of("dev.tidemark.invalidator.Main"), environment, log),
        adminPort);
  }

  /// Returns the number of evictions that were answered, from its own metrics; 0 until it can be
  /// asked.
  long evictions() {
    try {
      JsonNode told = StatusJson.parse(http.send(status, BodyHandlers.ofString()).body());
      return StatusJson.read(told, InvalidatorReport.class).evictions().values().stream()
          .mapToLong(count -> count)
          .sum();
    } catch (IOException isStarting) {
      return 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  Duration cpu() {
    return process.cpu();
  }

  String lastWords() {
    return process.lastWords();
  }

  @Override
  public void close() {
    process.close();
    http.close();
  }
}
