package dev.tidemark.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The service as a process of its own, which is killed when this object is closed.
public record ApiProcess(Process process, Path log) implements AutoCloseable {

  public static ApiProcess start(Path log, Map<String, String> environment, String... arguments)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dlogback.configurationFile="
                    + Path.of("src/main/resources/logback.xml").toAbsolutePath(),
                "-cp",
                System.getProperty("java.class.path"),
                "dev.tidemark.api.Main"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    return new ApiProcess(builder.start(), log);
  }

  /// Returns the environment to run on the servers of another service.
  public static Map<String, String> environment(RunningService servers) {
    return new HashMap<>(
        Map.of(
            "DATABASE_URL", servers.postgres().url(),
            "DATABASE_USER", "tidemark_api",
            "REDIS_URL", servers.redis().url(),
            "TIDEMARK_API_PORT", "0",
            "TIDEMARK_API_ADMIN_PORT", "0"));
  }

  public String logged() throws IOException {
    return Files.readString(log);
  }

  public ApiProcess awaitServing() {
    await()
        .atMost(Duration.ofMinutes(3))
        .untilAsserted(() -> assertThat(logged()).contains("product-api serves"));
    return this;
  }

  public int port() throws IOException {
    return port("api");
  }

  int adminPort() throws IOException {
    return port("admin");
  }

  private int port(String key) throws IOException {
    Matcher address = Pattern.compile(key + "=\"http://127.0.0.1:(\\d+)\"").matcher(logged());
    assertThat(address.find()).as(logged()).isTrue();
    return Integer.parseInt(address.group(1));
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
