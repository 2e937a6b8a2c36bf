package dev.tidemark.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The machine's language and character set change nothing: not which header is known, not how a
/// number is written, not which file a name means.
class LocaleST {
  private static final List<String> JVMS =
      List.of("KAFKA", "PRODUCT_API", "OUTBOX_RELAY", "INVALIDATOR");

  @TempDir Path folder;

  /// If the machine lacks a locale, a JVM uses C; so each JVM also gets the language in another
  /// way, which an option of its own command overrides.
  @ParameterizedTest
  @CsvSource({"tr_TR.UTF-8,tr,TR", "az_AZ.UTF-8,az,AZ", "lt_LT.UTF-8,lt,LT", "C,ar,EG"})
  void stackWorksInAnyLanguage_H61(String locale, String language, String country)
      throws Exception {
    var environment =
        Map.of(
            "LC_ALL",
            locale,
            "JAVA_TOOL_OPTIONS",
            "-Duser.language=%s -Duser.country=%s".formatted(language, country));

    try (var stack = StackProcess.upByCommand(folder.resolve("Läger ıİ"), environment)) {
      conditionsInLowerCaseAreKept(stack.api("/products/clock"));
      new Truth(stack.env()).assertSettledAndTrue();

      for (var jvm : JVMS) {
        var process = ProcessHandle.of(stack.pid(jvm)).orElseThrow();
        assertThat(process.info().arguments().orElseThrow())
            .as(jvm)
            .contains("-Duser.language=", "-Duser.country=", "-XX:+ExitOnOutOfMemoryError");
      }
      var status = new HashMap<>(environment);
      status.putAll(stack.env());
      await()
          .atMost(Duration.ofMinutes(2))
          .untilAsserted(
              () -> {
                var answer = Tidemark.run(folder, status, "status");
                assertThat(answer.code()).as(answer.output()).isZero();
              });
    }
  }

  /// Each `if-match` that is not seen would be a lost update.
  private static void conditionsInLowerCaseAreKept(URI product)
      throws IOException, InterruptedException {
    try (var http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      assertThat(put(http, product, "if-none-match", "*")).isEqualTo(201);
      assertThat(put(http, product, "if-none-match", "*")).isEqualTo(412);
      assertThat(put(http, product, "if-match", "\"9\"")).isEqualTo(412);
      assertThat(put(http, product, "if-match", "\"1\"")).isEqualTo(200);
      var unchanged = HttpRequest.newBuilder(product).header("if-none-match", "\"2\"").build();
      assertThat(http.send(unchanged, BodyHandlers.discarding()).statusCode()).isEqualTo(304);
      var newest = HttpRequest.newBuilder(product).header("min-version", "2").build();
      assertThat(http.send(newest, BodyHandlers.ofString()).body())
          .containsPattern("\"version\" ?: ?2");
    }
  }

  private static int put(HttpClient http, URI product, String condition, String value)
      throws IOException, InterruptedException {
    var name = condition + value.replace("\"", "");
    return http.send(
            HttpRequest.newBuilder(product)
                .header("content-type", "application/json")
                .header(condition, value)
                .PUT(BodyPublishers.ofString(Shop.json(name.replace("*", ""), "1")))
                .build(),
            BodyHandlers.discarding())
        .statusCode();
  }
}
