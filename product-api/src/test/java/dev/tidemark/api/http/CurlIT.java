package dev.tidemark.api.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tidemark.api.ForeignProgram;
import dev.tidemark.api.RunningService;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Test of the service with curl, if the machine has it.
final class CurlIT {

  private static final String JSON = "Content-Type: application/json";
  private static final String CHAIR = "{\"name\":\"Chair\",\"price\":12.5,\"currency\":\"EUR\"}";

  private static final int LARGE = 500_000;

  @TempDir private Path folder;

  @RegisterExtension private static final RunningService api = new RunningService();

  @BeforeEach
  void thereIsACurlThatSpeaksHttp2() throws IOException {
    String version = ForeignProgram.run("curl", "--version").map(ForeignProgram::output).orElse("");
    assumeTrue(version.contains("HTTP2"), "no curl with HTTP/2 on this machine");
  }

  private static String curl(String path, String... options) throws IOException {
    List<String> command = new ArrayList<>(List.of("curl", "-s", "-S", "-i", "--max-time", "30"));
    command.addAll(List.of(options));
    command.add(api.uri(path).toString());
    return ForeignProgram.run(command.toArray(String[]::new)).orElseThrow().output();
  }

  @Test
  void aProductIsWrittenReadPatchedAndDeleted() throws IOException {
    assertThat(curl("/products/tour", "-X", "PUT", "-H", JSON, "-d", CHAIR))
        .startsWith("HTTP/1.1 201");
    assertThat(curl("/products/tour", "-H", "If-None-Match: \"1\"")).startsWith("HTTP/1.1 304");
    assertThat(
            curl(
                "/products/tour",
                "-X",
                "PATCH",
                "-H",
                "Content-Type: application/merge-patch+json",
                "-d",
                "{\"price\":13}"))
        .startsWith("HTTP/1.1 200")
        .contains("ETag: \"2\"");
    assertThat(curl("/products/tour", "-I")).startsWith("HTTP/1.1 200").endsWith("\r\n\r\n");
    assertThat(curl("/products?ids=tour,none", "--compressed")).contains("\"missing\":[\"none\"]");
    assertThat(curl("/products/tour", "-X", "DELETE")).startsWith("HTTP/1.1 204");
  }

  @Test
  void http2IsSpokenToThoseWhoKnowIt() throws IOException {
    String http2 = "--http2-prior-knowledge";
    assertThat(curl("/products/two", http2, "-X", "PUT", "-H", JSON, "-d", CHAIR))
        .startsWith("HTTP/2 201");
    assertThat(curl("/products/two", http2)).startsWith("HTTP/2 200").contains("etag: \"1\"");
    assertThat(curl("/products/two", http2, "-I")).startsWith("HTTP/2 200");
    assertThat(curl("/products/nobody", http2))
        .startsWith("HTTP/2 404")
        .contains("product-not-found");
    assertThat(curl("/products/two", http2, "-X", "PUT", "-H", JSON, "-d", "{"))
        .startsWith("HTTP/2 400")
        .contains("malformed-json");
    assertThat(
            curl(
                "/products/two",
                http2,
                "-X",
                "PUT",
                "-H",
                JSON,
                "-d",
                "{\"name\":\"" + "x".repeat(100_000) + "\"}"))
        .startsWith("HTTP/2 422");
    assertThat(curl("/products/two", http2, "-X", "PUT", "-H", JSON, "-d", "@" + large()))
        .as("in several pieces, both ways")
        .startsWith("HTTP/2 200")
        .contains("x".repeat(LARGE))
        .contains("content-length: ");
    assertThat(curl("/products/two", http2, "-H", "If-None-Match: \"2\""))
        .startsWith("HTTP/2 304")
        .doesNotContain("content-length");
    assertThat(curl("/products/two", http2, "-X", "DELETE"))
        .startsWith("HTTP/2 204")
        .doesNotContain("content-length");
  }

  private Path large() throws IOException {
    return Files.writeString(
        folder.resolve("large.json"),
        "{\"name\":\"Large\",\"price\":1,\"currency\":\"EUR\",\"attributes\":{\"a\":\"%s\"}}"
            .formatted("x".repeat(LARGE)));
  }

  @Test
  void aConnectionIsNotUpgradedInItsMiddle() throws IOException {
    assertThat(curl("/products/two", "--http2")).startsWith("HTTP/1.1 404");
  }
}
