package dev.tidemark.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Tests of the service as a process of its own.
final class MainIT {

  @RegisterExtension private static final RunningService servers = new RunningService();

  @TempDir private Path folder;

  private final List<ApiProcess> started = new ArrayList<>();

  @AfterEach
  void leaveNoProcess() {
    started.forEach(ApiProcess::close);
  }

  private ApiProcess start(Map<String, String> environment, String... arguments)
      throws IOException {
    ApiProcess process = ApiProcess.start(folder.resolve("log"), environment, arguments);
    started.add(process);
    return process;
  }

  /// Languages that `java -jar` gets on such a machine. A condition that is not seen is a lost
  /// update.
  @ParameterizedTest
  @CsvSource({"tr,TR", "az,AZ", "lt,LT", "ar,EG"})
  void conditionsInLowerCaseAreKeptInAnyLanguage_H61(String language, String country)
      throws Exception {
    Map<String, String> environment = ApiProcess.environment(servers);
    environment.put(
        "JAVA_TOOL_OPTIONS", "-Duser.language=%s -Duser.country=%s".formatted(language, country));
    int port = start(environment).awaitServing().port();
    String id = "condition-" + language;

    assertThat(put(port, id, "1", "if-none-match: *")).startsWith("HTTP/1.1 201");
    assertThat(put(port, id, "2", "if-none-match: *")).startsWith("HTTP/1.1 412");
    assertThat(put(port, id, "2", "if-match: \"7\"")).startsWith("HTTP/1.1 412");
    assertThat(put(port, id, "2", "if-match: \"1\"")).startsWith("HTTP/1.1 200");
    assertThat(get(port, id, "if-none-match: \"2\"")).startsWith("HTTP/1.1 304");
    assertThat(get(port, id, "min-version: 2")).contains("\"2\"").startsWith("HTTP/1.1 200");
  }

  private static String put(int port, String id, String price, String condition)
      throws IOException {
    String product = "{\"name\":\"A\",\"price\":" + price + ",\"currency\":\"EUR\"}";
    return RawHttp.exchange(
        port,
        "PUT /products/" + id + " HTTP/1.1",
        "host: x",
        "connection: close",
        "content-type: application/json",
        "content-length: " + product.length(),
        condition,
        "",
        product);
  }

  private static String get(int port, String id, String condition) throws IOException {
    return RawHttp.exchange(
        port, "GET /products/" + id + " HTTP/1.1", "host: x", "connection: close", condition, "");
  }

  @Test
  void aTermSignalLetsTheRequestUnderWayFinish() throws Exception {
    ApiProcess api = start(ApiProcess.environment(servers)).awaitServing();
    Process service = api.process();
    try {
      int port = api.port();
      String product = "{\"id\":\"drained\",\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}";
      try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
        OutputStream out = client.getOutputStream();
        out.write(
            ("PUT /products/drained HTTP/1.1\r\n"
                    + "Host: x\r\n"
                    + "Content-Type: application/json\r\n"
                    + "Content-Length: "
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
      assertThat(api.logged()).contains("product-api stopped");
      assertThat(servers.events("drained")).containsExactly("1 product.created");
    } finally {
      service.destroyForcibly();
    }
  }

  /// Stop behind a load balancer, which opens no more connections once the service is not ready.
  @Test
  void underLoadNoRequestFailsWhenItStops() throws Exception {
    servers.put("/products/busy", "{'name':'A','price':1,'currency':'EUR'}");
    Map<String, String> environment = ApiProcess.environment(servers);
    // On a busy machine the balancer may need some time to check.
    environment.put("TIDEMARK_API_DRAIN_SECONDS", "5");
    ApiProcess api = start(environment).awaitServing();
    byte[] read = RawHttp.bytes("GET /products/busy HTTP/1.1", "Host: x", "");
    String product = "{\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}";
    byte[] write =
        RawHttp.bytes(
            "PUT /products/busy HTTP/1.1",
            "Host: x",
            "Content-Type: application/json",
            "Content-Length: " + (product.length() + 2),
            "",
            product);
    int port = api.port();
    URI ready = URI.create("http://127.0.0.1:" + api.adminPort() + "/health/ready");
    AtomicBoolean isReady = new AtomicBoolean(true);
    try (var clients = Executors.newVirtualThreadPerTaskExecutor();
        HttpClient balancer = HttpClient.newHttpClient()) {
      AtomicInteger answered = new AtomicInteger();
      List<? extends Future<?>> runs =
          IntStream.range(0, 32)
              .mapToObj(
                  i ->
                      clients.submit(
                          () -> {
                            new KeepAliveClient(port, answered)
                                .run(isReady::get, read, read, write);
                            return null;
                          }))
              .toList();
      await().atMost(Duration.ofSeconds(60)).until(() -> answered.get() > 1000);
      api.process().destroy();
      await()
          .pollInterval(Duration.ofMillis(50))
          .until(
              () ->
                  balancer
                          .send(
                              HttpRequest.newBuilder(ready).build(),
                              HttpResponse.BodyHandlers.discarding())
                          .statusCode()
                      == 503);
      isReady.set(false);
      for (Future<?> run : runs) {
        run.get();
      }
    }
    assertThat(api.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(api.process().exitValue()).isZero();
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
    ApiProcess api =
        start(
            Map.of(
                "DATABASE_URL", "postgresql://nobody@127.0.0.1:1/tidemark",
                "REDIS_URL", "redis://127.0.0.1:1",
                "TIDEMARK_API_PORT", "0",
                "TIDEMARK_API_ADMIN_PORT", "0"));
    try {
      api.awaitServing();
    } finally {
      api.process().destroy();
      assertThat(api.process().waitFor(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void wrongSettingsEndWithTwo() throws Exception {
    ApiProcess api = start(Map.of("TIDEMARK_API_PORT", "x"));
    Process service = api.process();
    assertThat(service.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(service.exitValue()).isEqualTo(2);
    assertThat(api.logged())
        .contains("DATABASE_URL is not set", "REDIS_URL is not set", "TIDEMARK_API_PORT is \"x\"");
  }

  @Test
  void theLogTellsOfRequestsAndOfNoSecretAndNoPayload() throws Exception {
    Map<String, String> environment = ApiProcess.environment(servers);
    environment.put("DATABASE_PASSWORD", "secret-of-the-database");
    environment.put("API_TOKEN", "secret-token");
    environment.put("TIDEMARK_API_ACCESS_LOG", "true");
    ApiProcess api = start(environment).awaitServing();
    String payload = "{\"name\":\"secret-payload\",\"price\":1,\"currency\":\"EUR\"}";
    List<String> answers = new ArrayList<>();
    for (String[] request :
        new String[][] {
          {"PUT /products/log", payload, "secret-token"},
          {"PUT /products/log", payload.replace("1", "-1"), "secret-token"},
          {"PUT /products/log", payload.substring(1), "secret-token"},
          {"PUT /products/log", payload, "secret-tokem"},
          {"GET /products/log?ids=secret-query", "", "secret-token"}
        }) {
      answers.add(
          RawHttp.exchange(
              api.port(),
              request[0] + " HTTP/1.1",
              "Host: x",
              "Connection: close",
              "Authorization: Bearer " + request[2],
              "Content-Type: application/json",
              "Content-Length: " + request[1].length(),
              "",
              request[1]));
    }
    assertThat(answers).noneMatch(answer -> answer.contains("secret-toke"));
    api.process().destroy();
    assertThat(api.process().waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(api.logged())
        .containsPattern(
            "INFO  AccessLog request method=\"PUT\" path=\"/products/log\" status=\"201\"")
        .contains("status=\"422\"", "status=\"400\"", "status=\"401\"", "method=\"GET\"")
        .doesNotContain("secret");
  }

  @Test
  void aPortInUseEndsWithOne() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Map<String, String> environment = ApiProcess.environment(servers);
      environment.put("TIDEMARK_API_PORT", Integer.toString(taken.getLocalPort()));
      ApiProcess api = start(environment);
      Process service = api.process();
      assertThat(service.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(service.exitValue()).isEqualTo(1);
      assertThat(api.logged())
          .contains("product-api cannot start: cannot listen on 127.0.0.1:" + taken.getLocalPort());
    }
  }

  @Test
  void helpNamesEverySetting() throws Exception {
    ApiProcess api = start(Map.of(), "--help");
    Process service = api.process();
    assertThat(service.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(service.exitValue()).isZero();
    assertThat(api.logged())
        .contains("DATABASE_URL", "REDIS_URL", "API_TOKEN", "TIDEMARK_API_ADMIN_PORT", "127.0.0.1")
        .contains("TIDEMARK_API_NEAR_CACHE_ENTRIES", "KAFKA_BOOTSTRAP_SERVERS");
  }
}
