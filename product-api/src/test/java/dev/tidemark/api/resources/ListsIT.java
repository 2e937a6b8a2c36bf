package dev.tidemark.api.resources;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisSettings;
import java.io.ByteArrayInputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Tests of several products in one answer.
final class ListsIT {

  private static final String CHAIR = "{'name':'Chair','price':12.5,'currency':'EUR'}";

  @RegisterExtension private static final RunningService api = new RunningService();

  @Test
  void theListGoesThroughAllLiveProductsPageByPage() {
    for (int i = 0; i < 5; i++) {
      api.put("/products/list-" + i, CHAIR);
    }
    api.delete("/products/list-3");
    Answer first = api.get("/products?after=list-&limit=3");
    assertThat(first.json().get("products").findValuesAsText("id"))
        .containsExactly("list-0", "list-1", "list-2");
    assertThat(first.header("Link")).isEqualTo("</products?after=list-2&limit=3>; rel=\"next\"");
    Answer second = api.get("/products?after=list-2&limit=3");
    assertThat(second.json().get("products").findValuesAsText("id")).startsWith("list-4");
    Answer last = api.get("/products?after=~~~");
    assertThat(last.json().get("products")).isEmpty();
    assertThat(last.header("Link")).isEmpty();
  }

  @Test
  void productsByTheirIdsComeInTheOrderAskedForAndTheRestIsNamed() {
    String b = api.put("/products/by-b", CHAIR).text();
    String a = api.put("/products/by-a", CHAIR).text();
    api.put("/products/by-gone", CHAIR);
    api.delete("/products/by-gone");
    String path = "/products?ids=by-b,by-never,by-a,by-gone,by-b";
    for (String status :
        new String[] {
          "tidemark; fwd=miss; detail=\"0 of 4 hit\"", "tidemark; hit", "tidemark; hit"
        }) {
      Answer answer = api.get(path);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.text())
          .isEqualTo("{\"products\":[" + b + "," + a + "],\"missing\":[\"by-never\",\"by-gone\"]}");
      assertThat(answer.header("Cache-Status")).isEqualTo(status);
    }
    api.put("/products/by-c", CHAIR);
    assertThat(api.get("/products?ids=by-a,by-c").header("Cache-Status"))
        .isEqualTo("tidemark; fwd=partial; detail=\"1 of 2 hit\"");
    assertThat(api.get(path, "Cache-Control", "no-cache").header("Cache-Status"))
        .isEqualTo("tidemark; fwd=request; detail=\"0 of 4 hit\"");
    assertThat(api.get(path, "Min-Version", "1").problem()).isEqualTo("malformed-request");
  }

  @Test
  void aHundredProductsTakeOneRoundTripToRedis() {
    List<String> all = IntStream.range(0, 100).mapToObj(i -> "hundred-" + i).toList();
    all.forEach(id -> api.put("/products/" + id, CHAIR));
    String ids = String.join(",", all);
    api.get("/products?ids=" + ids);
    try (RedisConnection redis =
        RedisConnection.open(api.redis().url(), RedisSettings.defaults())) {
      long commands = stat(redis, "total_commands_processed");
      long reads = stat(redis, "total_reads_processed");
      assertThat(api.get("/products?ids=" + ids).header("Cache-Status")).isEqualTo("tidemark; hit");
      // This test's own commands are counted as well, and those of the service by itself.
      assertThat(stat(redis, "total_commands_processed") - commands).isBetween(102L, 120L);
      // One batch may arrive in several pieces. Asked one by one it would be 100.
      assertThat(stat(redis, "total_reads_processed") - reads).isLessThan(20);
    }
    assertThat(api.get("/products?ids=" + ids + ",one-more").problem())
        .isEqualTo("malformed-request");
  }

  private static long stat(RedisConnection redis, String name) {
    return redis
        .client()
        .info("stats")
        .lines()
        .filter(line -> line.startsWith(name + ":"))
        .mapToLong(line -> Long.parseLong(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aLongListIsCompressedForThoseWhoTakeThat() throws Exception {
    for (int i = 0; i < 20; i++) {
      api.put("/products/zip-" + i, CHAIR);
    }
    String plain = api.get("/products?after=zip-&limit=20").text();
    for (String encoding : List.of("gzip", "br, GZIP;q=0.5", "*")) {
      HttpResponse<byte[]> answer = zipped("/products?after=zip-&limit=20", encoding);
      assertThat(answer.headers().firstValue("Content-Encoding")).as(encoding).contains("gzip");
      assertThat(answer.headers().firstValue("Vary")).contains("Accept-Encoding");
      assertThat(answer.body().length).isLessThan(plain.length() / 2);
      try (var unzipped = new GZIPInputStream(new ByteArrayInputStream(answer.body()))) {
        assertThat(new String(unzipped.readAllBytes(), StandardCharsets.UTF_8)).isEqualTo(plain);
      }
    }
    for (String encoding : List.of("br", "gzip;q=0", "identity", "*;q=0.0")) {
      HttpResponse<byte[]> answer = zipped("/products?after=zip-&limit=20", encoding);
      assertThat(answer.headers().firstValue("Content-Encoding")).as(encoding).isEmpty();
      assertThat(new String(answer.body(), StandardCharsets.UTF_8)).isEqualTo(plain);
    }
    assertThat(zipped("/products/zip-1", "gzip").headers().firstValue("Content-Encoding"))
        .as("the bytes of the cache, whose name is the ETag")
        .isEmpty();
  }

  private static HttpResponse<byte[]> zipped(String path, String encoding) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(
          HttpRequest.newBuilder(api.uri(path)).header("Accept-Encoding", encoding).build(),
          BodyHandlers.ofByteArray());
    }
  }
}
