package dev.tidemark.api.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import dev.tidemark.embedded.PgBouncer;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Test of the service behind PgBouncer in transaction mode, where each transaction may have
/// another session of the server.
final class PoolerIT {

  @RegisterExtension private static final RunningService servers = new RunningService();

  @TempDir private static Path folder;

  private static PgBouncer pooler;
  private static RunningService api;

  @BeforeAll
  static void startBehindAPooler() throws IOException {
    Optional<PgBouncer> started = PgBouncer.start(folder, servers.postgres(), "tidemark_api");
    Assumptions.assumeTrue(started.isPresent(), "this machine has no pgbouncer");
    pooler = started.get();
    api =
        servers.beside(
            "DATABASE_URL",
            "postgresql://tidemark_api@127.0.0.1:%d/tidemark?prepareThreshold=0"
                .formatted(pooler.port()));
  }

  @AfterAll
  static void stop() {
    if (pooler != null) {
      api.service().close();
      pooler.close();
    }
  }

  private static String lines(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj("{\"id\":\"p-%d\",\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}\n"::formatted)
        .collect(Collectors.joining());
  }

  private static Answer send(String query, String lines) {
    return api.send(
        "POST",
        "/products/import" + query,
        BodyPublishers.ofString(lines),
        "Content-Type",
        "application/x-ndjson");
  }

  @Test
  void aReplacingImportDeletesWhatIsNotInItsFileAndNothingElse_H59() throws InterruptedException {
    assertThat(send("", lines(0, 3000)).json().get("created").asInt()).isEqualTo(3000);
    AtomicBoolean over = new AtomicBoolean();
    // They take sessions and return them in an order of their own.
    List<Thread> readers =
        IntStream.range(0, 4)
            .mapToObj(
                n ->
                    Thread.ofVirtual()
                        .start(
                            () -> {
                              while (!over.get()) {
                                api.get("/products/p-" + n, "Cache-Control", "no-cache");
                              }
                            }))
            .toList();
    try {
      Answer same = send("?replace=true", lines(0, 3000));
      assertThat(same.status()).as(same.text()).isEqualTo(200);
      assertThat(same.json().get("deleted").asInt()).isZero();
      Answer fewer = send("?replace=true", lines(0, 2000));
      assertThat(fewer.status()).as(fewer.text()).isEqualTo(200);
      assertThat(fewer.json().get("deleted").asInt()).isEqualTo(1000);
    } finally {
      over.set(true);
      for (Thread reader : readers) {
        reader.join();
      }
    }
    assertThat(
            servers.texts(
                "select count(*) || ' ' || max(substring(id from 3)::int) from product where deleted_at is null"))
        .containsExactly("2000 1999");
  }

  @Test
  void itServesAsWithoutAPooler() {
    for (int i = 0; i < 20; i++) {
      assertThat(
              api.put("/products/one", "{'name':'A','price':%d,'currency':'EUR'}".formatted(i))
                  .status())
          .isIn(200, 201);
      assertThat(api.get("/products/one", "Cache-Control", "no-cache").json().get("price").asInt())
          .isEqualTo(i);
    }
    assertThat(api.get("/products?limit=1").status()).isEqualTo(200);
    assertThat(
            api.post(
                    "/products",
                    "{'name':'A','price':1,'currency':'EUR'}",
                    "Idempotency-Key",
                    "behind-a-pooler")
                .status())
        .isEqualTo(201);
    assertThat(api.delete("/products/one").status()).isEqualTo(204);
  }
}
