package dev.tidemark.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Large products, requested by many clients at once from a service with little memory. It would
/// end at the first allocation that fails.
final class MemoryIT {

  @RegisterExtension private static final RunningService servers = new RunningService();

  private static final int HEAP_BYTES = 128 * 1024 * 1024;
  private static final int PRODUCTS = 100;
  private static final int BYTES = 900_000;
  private static final Pattern NEXT = Pattern.compile("<([^>]+)>; rel=\"next\"");

  private static final HttpClient client = HttpClient.newHttpClient();

  @TempDir private static Path folder;

  private static ApiProcess small;

  @BeforeAll
  static void startWithLittleMemory() throws IOException {
    servers
        .sql()
        .useHandle(
            handle ->
                handle.execute(
                    "insert into product (id, version, name, description, price, currency,"
                        + " attributes, updated_at) select 'large-' || i, 1, 'A', '', 1, 'EUR',"
                        + " jsonb_build_object('a', repeat('x', ?)), now() from generate_series(1,"
                        + " ?) i",
                    BYTES,
                    PRODUCTS));
    Map<String, String> environment = ApiProcess.environment(servers);
    environment.put("JDK_JAVA_OPTIONS", "-Xmx" + HEAP_BYTES + " -XX:+ExitOnOutOfMemoryError");
    environment.put("TIDEMARK_API_REDIS_TIMEOUT_MS", "5000");
    environment.put("TIDEMARK_API_WRITE_TIMEOUT_SECONDS", "5");
    small = ApiProcess.start(folder.resolve("small.log"), environment);
    small.awaitServing();
  }

  @AfterAll
  static void stop() {
    client.close();
    small.close();
  }

  private static HttpResponse<String> get(String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + small.port() + path))
            .timeout(Duration.ofMinutes(2))
            .build();
    HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
    assertThat(small.process().isAlive()).as(small.logged()).isTrue();
    return answer;
  }

  private static JsonNode json(HttpResponse<String> answer) throws IOException {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return new ObjectMapper().readTree(answer.body());
  }

  @Test
  void aPageEndsByItsBytesAndTheNextGoesOn() throws Exception {
    Set<String> ids = new HashSet<>();
    int pages = 0;
    for (String path = "/products?limit=1000"; !path.isEmpty(); pages++) {
      HttpResponse<String> answer = get(path);
      List<String> some = json(answer).get("products").findValuesAsText("id");
      assertThat(some).isNotEmpty();
      assertThat(ids).doesNotContainAnyElementsOf(some);
      ids.addAll(some);
      assertThat(answer.body().length()).isLessThanOrEqualTo(4 * 1024 * 1024 + 100);
      Matcher next = NEXT.matcher(answer.headers().firstValue("Link").orElse(""));
      path = next.find() ? next.group(1) : "";
    }
    assertThat(ids).hasSize(PRODUCTS);
    assertThat(pages).isBetween(PRODUCTS / 4, PRODUCTS / 4 + 1);
  }

  @Test
  void aProductThatIsTooLargeForAPageHasOneOfItsOwn() throws Exception {
    servers
        .sql()
        .useHandle(
            handle ->
                handle.execute(
                    "insert into product (id, version, name, description, price, currency,"
                        + " attributes, updated_at) values ('huge', 1, 'A', '', 1, 'EUR',"
                        + " jsonb_build_object('a', repeat('x', 6000000)), now())"));
    try {
      HttpResponse<String> answer = get("/products?after=hug&limit=10");
      assertThat(json(answer).get("products").findValuesAsText("id")).containsExactly("huge");
      assertThat(answer.headers().firstValue("Link").orElse(""))
          .isEqualTo("</products?after=huge&limit=10>; rel=\"next\"");
      assertThat(get("/products/huge").statusCode()).isEqualTo(200);
    } finally {
      servers.sql().useHandle(handle -> handle.execute("delete from product where id = 'huge'"));
    }
  }

  @Test
  void aHundredLargeOnesByTheirIdsAreSentPieceByPiece() throws Exception {
    List<String> ids = new ArrayList<>();
    IntStream.rangeClosed(1, PRODUCTS - 1).forEach(i -> ids.add("large-" + i));
    ids.add("never");
    for (int i = 0; i < 3; i++) {
      HttpResponse<String> answer = get("/products?ids=" + String.join(",", ids));
      JsonNode list = json(answer);
      assertThat(list.get("products").findValuesAsText("id")).isEqualTo(ids.subList(0, 99));
      assertThat(list.get("missing").toString()).isEqualTo("[\"never\"]");
      assertThat(answer.headers().firstValue("Cache-Status").orElse(""))
          .startsWith("tidemark; detail=");
    }
  }

  @Test
  void beyondTheMemoryRequestsAreShedAndItComesBackWhenTheReadersAreGivenUp() throws Exception {
    get("/products/large-1");
    byte[] requests =
        "GET /products/large-1 HTTP/1.1\r\nHost: x\r\n\r\n"
            .repeat(10)
            .getBytes(StandardCharsets.US_ASCII);
    List<Socket> readers = new ArrayList<>();
    try {
      for (int i = 0; i < 300; i++) {
        Socket reader = new Socket();
        readers.add(reader);
        reader.setReceiveBufferSize(4096);
        reader.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), small.port()));
        reader.getOutputStream().write(requests);
      }
      HttpResponse<String> shed =
          await("large answers are shed")
              .atMost(Duration.ofSeconds(60))
              .until(() -> get("/products/large-1"), answer -> answer.statusCode() == 503);
      assertThat(shed.headers().firstValue("Retry-After")).isPresent();
      assertThat(get("/products/none").statusCode()).as("small ones are not").isEqualTo(404);
      await("large answers are given again")
          .atMost(Duration.ofSeconds(60))
          .until(() -> get("/products/large-1").statusCode() == 200);
    } finally {
      for (Socket reader : readers) {
        reader.close();
      }
    }
    assertThat(small.process().isAlive()).as(small.logged()).isTrue();
  }
}
