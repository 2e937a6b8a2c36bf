package dev.tidemark.api.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemark.api.ApiProcess;
import dev.tidemark.api.RunningService;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Imports by the service as a process of its own: with little memory, and killed in the middle.
final class ImportProcessIT {

  @RegisterExtension private static final RunningService servers = new RunningService();

  private static final int HEAP_BYTES = 64 * 1024 * 1024;

  /// Size of the files as a multiple of the service's heap.
  private static final int TIMES = 4;

  private static final HttpClient client = HttpClient.newHttpClient();

  @TempDir private static Path folder;

  private static ApiProcess small;

  @BeforeAll
  static void startWithLittleMemory() throws IOException {
    Map<String, String> environment = ApiProcess.environment(servers);
    environment.put("JDK_JAVA_OPTIONS", "-Xmx" + HEAP_BYTES + " -XX:+ExitOnOutOfMemoryError");
    small = ApiProcess.start(folder.resolve("small.log"), environment).awaitServing();
  }

  @AfterAll
  static void stop() {
    client.close();
    small.close();
  }

  private static String product(String id, String description) {
    return "{\"id\":\"%s\",\"name\":\"A\",\"description\":\"%s\",\"price\":1,\"currency\":\"EUR\"}\n"
        .formatted(id, description);
  }

  /// Returns a body that is generated while it is sent.
  private static BodyPublisher lines(int count, IntFunction<String> line) {
    return BodyPublishers.ofByteArrays(
        () ->
            IntStream.range(0, count)
                .mapToObj(i -> line.apply(i).getBytes(StandardCharsets.UTF_8))
                .iterator());
  }

  private static CompletableFuture<HttpResponse<String>> begin(
      ApiProcess api, String query, BodyPublisher body, String encoding) throws IOException {
    return client.sendAsync(
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + api.port() + "/products/import" + query))
            .header("Content-Type", "application/x-ndjson")
            .header("Content-Encoding", encoding)
            .timeout(Duration.ofMinutes(2))
            .POST(body)
            .build(),
        BodyHandlers.ofString());
  }

  private static JsonNode sendToSmall(String query, BodyPublisher body, String encoding)
      throws Exception {
    HttpResponse<String> answer = begin(small, query, body, encoding).get();
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    assertThat(small.process().isAlive()).as(small.logged()).isTrue();
    return new ObjectMapper().readTree(answer.body());
  }

  private static void assertCounts(
      JsonNode report, int created, int updated, int unchanged, int failed) {
    assertThat(report.toString())
        .startsWith(
            "{\"created\":%d,\"updated\":%d,\"unchanged\":%d,\"failed\":%d,"
                .formatted(created, updated, unchanged, failed));
  }

  @Test
  void aFileOfManyTimesTheMemoryIsTaken() throws Exception {
    String description = "ж".repeat(10_000);
    int count = TIMES * HEAP_BYTES / (2 * description.length());
    JsonNode report =
        sendToSmall("", lines(count, i -> product("large-" + i % 1000, description)), "identity");
    assertCounts(report, 1000, 0, count - 1000, 0);
  }

  /// The database stores the ids that are not to be deleted.
  @Test
  void aCompressedFileOfManyTimesTheMemoryReplacesAllProducts() throws Exception {
    servers.put("/products/former", "{'name':'A','price':1,'currency':'EUR'}");
    String space = " ".repeat(16 * 1024);
    int count = TIMES * HEAP_BYTES / space.length();
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
      for (int i = 0; i < count; i++) {
        gzip.write((space + product("small-" + i, "")).getBytes(StandardCharsets.UTF_8));
      }
    }
    String all = servers.texts("select count(*) from product where deleted_at is null").getFirst();
    JsonNode report =
        sendToSmall(
            "?replace=true&confirm-delete=" + all,
            BodyPublishers.ofByteArray(compressed.toByteArray()),
            "gzip");
    assertCounts(report, count, 0, 0, 0);
    assertThat(report.get("deleted").asInt()).isPositive();
    assertThat(servers.texts("select count(*) from product where deleted_at is null"))
        .containsExactly(Integer.toString(count));
  }

  @Test
  void ofAnyNumberOfFailingLinesTheFirstHundredAreTold() throws Exception {
    String name = "x".repeat(2000);
    int count = TIMES * HEAP_BYTES / name.length();
    String line = "{\"id\":\"fails\",\"name\":\"%s\"}\n".formatted(name);
    JsonNode report = sendToSmall("?replace=true", lines(count, i -> line), "identity");
    assertCounts(report, 0, 0, 0, count);
    assertThat(report.get("errors")).hasSize(100);
  }

  @Test
  void whatAKilledServiceHasBegunIsFinishedBySendingItAgain() throws Exception { // H6, H14
    int count = 20_000;
    BodyPublisher body = lines(count, i -> product("killed-" + i, ""));
    try (ApiProcess api =
        ApiProcess.start(folder.resolve("killed.log"), ApiProcess.environment(servers))
            .awaitServing()) {
      CompletableFuture<HttpResponse<String>> cut = begin(api, "", body, "identity");
      await("a part is committed")
          .pollInterval(Duration.ofMillis(5))
          .until(() -> rows("product", "id").compareTo("0") > 0);
      api.process().destroyForcibly();
      assertThatThrownBy(cut::get).isInstanceOf(ExecutionException.class);
    }
    assertThat(Integer.parseInt(rows("product", "id"))).isLessThan(count);
    JsonNode report = sendToSmall("", body, "identity");
    assertThat(report.get("created").asInt() + report.get("unchanged").asInt()).isEqualTo(count);
    assertThat(report.get("unchanged").asInt()).isPositive();
    assertThat(rows("product", "id")).isEqualTo(Integer.toString(count));
    assertThat(
            servers.texts(
                "select count(*) || ' ' || count(distinct aggregateid) || ' ' || max(version)"
                    + " from outbox where aggregateid like 'killed-%'"))
        .containsExactly("%d %d 1".formatted(count, count));
  }

  private static String rows(String table, String id) {
    return servers
        .texts("select count(*) from %s where %s like 'killed-%%'".formatted(table, id))
        .getFirst();
  }
}
