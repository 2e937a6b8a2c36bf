package dev.tidemark.api.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import dev.tidemark.embedded.ChildProcess;
import dev.tidemark.embedded.Ports;
import dev.tidemark.service.settings.DatabaseUrl;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// The service behind PgBouncer in transaction mode, where each transaction may have another
/// session of the server.
final class PoolerIT {

  @RegisterExtension private static final RunningService servers = new RunningService();

  @TempDir private static Path folder;

  private static ChildProcess pooler;
  private static RunningService api;

  @BeforeAll
  static void startBehindAPooler() throws IOException {
    Optional<Path> program =
        Stream.of((System.getenv("PATH") + ":/usr/sbin").split(":", -1))
            .map(directory -> Path.of(directory, "pgbouncer"))
            .filter(Files::isExecutable)
            .findFirst();
    Assumptions.assumeTrue(program.isPresent(), "this machine has no pgbouncer");
    int port = Ports.free();
    DatabaseUrl database = DatabaseUrl.parse(servers.postgres().url());
    Path users = Files.writeString(folder.resolve("users.txt"), "\"tidemark_api\" \"\"\n");
    Path settings =
        Files.writeString(
            folder.resolve("pgbouncer.ini"),
            """
            [databases]
            tidemark = host=%s port=%d dbname=%s
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = %d
            unix_socket_dir =
            auth_type = trust
            auth_file = %s
            pool_mode = transaction
            default_pool_size = 8
            ignore_startup_parameters = extra_float_digits,options
            """
                .formatted(database.host(), database.port(), database.database(), port, users));
    List<String> command = new ArrayList<>(List.of(program.get().toString()));
    if (System.getProperty("user.name").equals("root")) {
      // It does not run as root.
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
      command.addAll(List.of("-u", "nobody"));
    }
    command.add(settings.toString());
    pooler =
        ChildProcess.start(
            new ChildProcess.Program(
                "pgbouncer",
                command,
                Map.of(),
                Set.of(),
                folder.resolve("pgbouncer.log"),
                ChildProcess.StopSignal.TERM));
    await("the pooler listens")
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptions()
        .until(
            () -> {
              new Socket(InetAddress.getLoopbackAddress(), port).close();
              return true;
            });
    api =
        servers.beside(
            "DATABASE_URL",
            "postgresql://tidemark_api@127.0.0.1:%d/tidemark?prepareThreshold=0".formatted(port));
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
    // They take sessions and give them back in an order of their own.
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
