package dev.tidemark.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// The service as a process of its own.
final class MainIT {

  @RegisterExtension private static final RunningService servers = new RunningService();

  @TempDir private Path folder;

  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void leaveNoProcess() {
    started.forEach(Process::destroyForcibly);
  }

  private Process start(Map<String, String> environment, String... arguments) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-Dlogback.configurationFile="
                    + Path.of("src/main/resources/logback.xml").toAbsolutePath(),
                "-cp",
                System.getProperty("java.class.path"),
                "dev.tidemark.api.Main"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log().toFile());
    builder.environment().putAll(environment);
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private Path log() {
    return folder.resolve("log");
  }

  private String logged() throws IOException {
    return Files.readString(log());
  }

  private Map<String, String> environment() {
    return Map.of(
        "DATABASE_URL", servers.postgres().url(),
        "DATABASE_USER", "tidemark_api",
        "REDIS_URL", servers.redis().url(),
        "TIDEMARK_API_PORT", "0",
        "TIDEMARK_API_ADMIN_PORT", "0");
  }

  private void awaitServing() {
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(logged()).contains("product-api serves"));
  }

  private int port() throws IOException {
    Matcher address = Pattern.compile("api=\"http://127.0.0.1:(\\d+)\"").matcher(logged());
    assertThat(address.find()).as(logged()).isTrue();
    return Integer.parseInt(address.group(1));
  }

  @Test
  void aTermSignalLetsTheRequestUnderWayFinish() throws Exception {
    Process service = start(environment());
    try {
      awaitServing();
      int port = port();
      String product = "{\"id\":\"drained\",\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}";
      try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
        OutputStream out = client.getOutputStream();
        out.write(
            ("PUT /products/drained HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
                    + product.length()
                    + "\r\n\r\n"
                    + product.substring(0, 10))
                .getBytes(StandardCharsets.US_ASCII));
        out.flush();
        // An idle connection must not hold the service up.
        try (Socket idle = new Socket(InetAddress.getLoopbackAddress(), port)) {
          idle.getOutputStream()
              .write(
                  "GET /products/x HTTP/1.1\r\nHost: x\r\n\r\n"
                      .getBytes(StandardCharsets.US_ASCII));
          assertThat(idle.getInputStream().read()).isEqualTo('H');

          service.destroy();
          await().untilAsserted(() -> assertThat(isRefused(port)).isTrue());
          assertThat(service.isAlive()).isTrue();
          out.write(product.substring(10).getBytes(StandardCharsets.US_ASCII));
          out.flush();
          byte[] answer = new byte[20];
          assertThat(client.getInputStream().readNBytes(answer, 0, 12)).isEqualTo(12);
          assertThat(new String(answer, 0, 12, StandardCharsets.US_ASCII))
              .isEqualTo("HTTP/1.1 201");
        }
      }
      assertThat(service.waitFor(60, TimeUnit.SECONDS)).as("stopped").isTrue();
      assertThat(service.exitValue()).isZero();
      assertThat(logged()).contains("product-api stopped");
      assertThat(servers.events("drained")).containsExactly("1 product.created");
    } finally {
      service.destroyForcibly();
    }
  }

  private static boolean isRefused(int port) throws IOException {
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return !client.isConnected();
    } catch (ConnectException e) {
      return true;
    }
  }

  @Test
  void itStartsWithoutDatabaseAndRedisAndSaysThatItIsNotReady() throws Exception {
    Process service =
        start(
            Map.of(
                "DATABASE_URL", "postgresql://nobody@127.0.0.1:1/tidemark",
                "REDIS_URL", "redis://127.0.0.1:1",
                "TIDEMARK_API_PORT", "0",
                "TIDEMARK_API_ADMIN_PORT", "0"));
    try {
      awaitServing();
    } finally {
      service.destroy();
      assertThat(service.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void wrongSettingsEndWithTwo() throws Exception {
    Process service = start(Map.of("TIDEMARK_API_PORT", "x"));
    assertThat(service.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(service.exitValue()).isEqualTo(2);
    assertThat(logged())
        .contains("DATABASE_URL is not set", "REDIS_URL is not set", "TIDEMARK_API_PORT is \"x\"");
  }

  @Test
  void aPortInUseEndsWithOne() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Map<String, String> environment = new java.util.HashMap<>(environment());
      environment.put("TIDEMARK_API_PORT", Integer.toString(taken.getLocalPort()));
      Process service = start(environment);
      assertThat(service.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(service.exitValue()).isEqualTo(1);
      assertThat(logged())
          .contains("product-api cannot start: cannot listen on 127.0.0.1:" + taken.getLocalPort());
    }
  }

  @Test
  void helpNamesEverySetting() throws Exception {
    Process service = start(Map.of(), "--help");
    assertThat(service.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(service.exitValue()).isZero();
    assertThat(logged())
        .contains("DATABASE_URL", "REDIS_URL", "API_TOKEN", "TIDEMARK_API_ADMIN_PORT", "127.0.0.1")
        .contains("TIDEMARK_API_NEAR_CACHE_ENTRIES", "KAFKA_BOOTSTRAP_SERVERS");
  }
}
