package dev.tidemark.api.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.api.RawHttp;
import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import dev.tidemark.api.Service;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Imports that replace all products, at two services on one database, with faults of their lock
/// and their notes.
final class ReplacingImportsIT {

  @RegisterExtension private static final RunningService api = new RunningService();

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final String LOCK_HOLDERS =
      "from pg_locks l join pg_stat_activity a using (pid) where l.locktype = 'advisory' and l.granted";

  private static String lines(String prefix, int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(
            i ->
                "{\"id\":\"%s%d\",\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}\n"
                    .formatted(prefix, i))
        .collect(Collectors.joining());
  }

  private static Answer send(RunningService service, String query, String lines) {
    return service.send(
        "POST",
        "/products/import" + query,
        BodyPublishers.ofString(lines),
        "Content-Type",
        "application/x-ndjson");
  }

  private static List<String> live() {
    return api.texts("select id from product where deleted_at is null order by id");
  }

  @BeforeEach
  void haveProducts() {
    api.sql().useHandle(handle -> handle.execute("delete from product"));
    assertThat(send(api, "", lines("p-", 0, 100)).status()).isEqualTo(200);
  }

  /// A replacing import whose last line is still to come.
  private record Upload(Socket client) implements AutoCloseable {

    static Upload begin(RunningService service, String query, String lines) throws IOException {
      Socket client = new Socket(InetAddress.getLoopbackAddress(), service.service().port());
      client.setSoTimeout((int) PATIENCE.toMillis());
      client
          .getOutputStream()
          .write(
              RawHttp.bytes(
                  "POST /products/import?replace=true" + query + " HTTP/1.1",
                  "Host: x",
                  "Connection: close",
                  "Content-Type: application/x-ndjson",
                  "Transfer-Encoding: chunked",
                  "",
                  Integer.toHexString(lines.length()),
                  lines));
      await("the import has the lock")
          .atMost(PATIENCE)
          .until(() -> !api.texts("select pid " + LOCK_HOLDERS).isEmpty());
      return new Upload(client);
    }

    void end() throws IOException {
      client.getOutputStream().write(RawHttp.bytes("0", ""));
    }

    String answer() throws IOException {
      return new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
      client.close();
    }
  }

  @Test
  void oneAtATimeAtAllServicesOfADatabase_H51() throws IOException {
    RunningService other = api.beside();
    try (Service _ = other.service();
        Upload first = Upload.begin(api, "", lines("p-", 0, 60))) {
      Answer second = send(other, "?replace=true", lines("p-", 40, 100));
      assertThat(second.status()).isEqualTo(503);
      assertThat(second.problem()).isEqualTo("overloaded");
      first.end();
      assertThat(first.answer()).startsWith("HTTP/1.1 200").contains("\"deleted\":40,");
      assertThat(live()).hasSize(60);
      await("the lock is free")
          .atMost(PATIENCE)
          .until(() -> send(other, "?replace=true", lines("p-", 0, 40)).status() == 200);
      assertThat(live()).hasSize(40);
    }
  }

  @Test
  void whatTwoServicesBothNameIsNeverDeleted_H51() {
    String shared = lines("shared-", 0, 200);
    send(api, "", shared);
    RunningService other = api.beside();
    try (Service _ = other.service()) {
      for (int round = 0; round < 10; round++) {
        CompletableFuture<Answer> one = replace(api, shared + lines("one-" + round, 0, 100));
        CompletableFuture<Answer> two = replace(other, shared + lines("two-" + round, 0, 100));
        assertThat(List.of(one.join().status(), two.join().status())).isSubsetOf(200, 503);
      }
    }
    assertThat(
            api.texts(
                "select aggregateid from outbox where aggregateid like 'shared-%' and type = 'product.deleted'"))
        .isEmpty();
    assertThat(live()).contains("shared-0", "shared-199");
  }

  private static CompletableFuture<Answer> replace(RunningService service, String lines) {
    return CompletableFuture.supplyAsync(() -> send(service, "?replace=true", lines));
  }

  @Test
  void whoLosesTheLockDeletesNothing() throws IOException {
    RunningService other = api.beside();
    try (Service _ = other.service();
        Upload first = Upload.begin(api, "", lines("p-", 0, 60))) {
      api.texts("select pg_terminate_backend(pid) " + LOCK_HOLDERS);
      await("the second import is let in")
          .atMost(PATIENCE)
          .until(() -> send(other, "?replace=true", lines("p-", 40, 100)).status() == 200);
      first.end();
      assertThat(first.answer())
          .startsWith("HTTP/1.1 503")
          .contains("urn:tidemark:problem:database-away", "Nothing was written.");
      assertThat(live()).hasSize(60).contains("p-99").doesNotContain("p-39");
    }
  }

  /// Both tables are empty after a crash of the server.
  @Test
  void whoseNotesAreLostDeletesNothingMore() throws Exception {
    try (Connection holder = api.connect()) {
      hold(holder, "update product set name = 'B' where id = 'p-59'");
      CompletableFuture<Answer> replacing = replace(api, renamed(lines("p-", 0, 60)));
      awaitWaiting();
      api.sql()
          .useHandle(
              handle -> {
                handle.execute("delete from replacing_import");
                handle.execute("delete from replacing_import_id");
              });
      holder.rollback();
      Answer answer = replacing.join();
      assertThat(answer.status()).as(answer.text()).isEqualTo(503);
      assertThat(answer.json().get("updated").asInt()).isEqualTo(60);
      assertThat(answer.json().get("deleted").asInt()).isZero();
      assertThat(live()).hasSize(100);
    }
  }

  private static String renamed(String lines) {
    return lines.replace("\"A\"", "\"C\"");
  }

  @Test
  void whereANoteIsMissingNothingIsChanged() throws Exception {
    String lines = lines("q-", 0, 600) + lines("p-", 0, 60);
    try (Connection holder = api.connect();
        Upload upload = Upload.begin(api, "", lines)) {
      // Before it goes on to its second batch of notes, one of the first is taken away.
      hold(
          holder,
          "insert into replacing_import_id (import, id) select id, 'q-550' from replacing_import");
      upload.end();
      awaitWaiting();
      assertThat(api.texts("delete from replacing_import_id where id = 'q-0' returning id"))
          .containsExactly("q-0");
      holder.rollback();
      assertThat(upload.answer()).startsWith("HTTP/1.1 503").contains("Nothing was written.");
      assertThat(live()).hasSize(100).doesNotContain("q-1");
    }
  }

  private static void hold(Connection holder, String sql) throws SQLException {
    holder.setAutoCommit(false);
    holder.createStatement().execute(sql);
  }

  private static void awaitWaiting() {
    await("the import waits for the holder")
        .atMost(PATIENCE)
        .until(
            () ->
                !api.texts(
                        "select pid from pg_stat_activity where usename = 'tidemark_api' and wait_event_type = 'Lock'")
                    .isEmpty());
  }

  @Test
  void aDeletionThatIsCutSaysWhatWasDoneAndIsFinishedBySendingItAgain() throws Exception {
    String lines = renamed(lines("p-", 0, 60));
    try (Connection holder = api.connect()) {
      hold(holder, "select from product where id = 'p-77' for update");
      CompletableFuture<Answer> replacing = replace(api, lines);
      await("the deletion waits for the holder and is ended")
          .atMost(PATIENCE)
          .until(
              () ->
                  !api.texts(
                          "select pg_terminate_backend(pid) from pg_stat_activity"
                              + " where usename = 'tidemark_api' and wait_event_type = 'Lock'")
                      .isEmpty());
      Answer cut = replacing.join();
      assertThat(cut.status()).isEqualTo(503);
      assertThat(cut.json().get("detail").asText())
          .endsWith(
              "Lines 1 to 60 are dealt with: 0 products created, 60 updated, 0 unchanged, 0 lines failed. 0 products were deleted.");
      assertThat(cut.json().get("deleted").asInt()).isZero();
      holder.rollback();
    }
    Answer again = replace(api, lines).join();
    assertThat(again.json().get("unchanged").asInt()).isEqualTo(60);
    assertThat(again.json().get("deleted").asInt()).isEqualTo(40);
  }

  @Test
  void aDeletionThatIsInTheWayOfAnotherWriterIsTriedAgain() throws Exception {
    try (Connection holder = api.connect()) {
      // The deletion holds p-60 and waits for p-99; the holder then waits for p-60.
      hold(holder, "set deadlock_timeout = '1h'; select from product where id = 'p-99' for update");
      CompletableFuture<Answer> replacing = replace(api, lines("p-", 0, 60));
      awaitWaiting();
      holder.createStatement().execute("update product set name = 'B' where id = 'p-60'");
      holder.commit();
      Answer answer = replacing.join();
      assertThat(answer.status()).as(answer.text()).isEqualTo(200);
      assertThat(answer.json().get("deleted").asInt()).isEqualTo(39);
      assertThat(live()).hasSize(61).contains("p-60");
    }
  }

  @Test
  void aSlowUploadKeepsItsLockWhateverTheServersTimeLimit() throws IOException {
    api.sql()
        .useHandle(
            handle ->
                handle.execute(
                    "alter role tidemark_api set idle_in_transaction_session_timeout = '200ms'"));
    RunningService other = api.beside();
    try (Service _ = other.service();
        Upload upload = Upload.begin(other, "", lines("p-", 0, 60))) {
      api.texts("select pg_sleep(1)");
      upload.end();
      assertThat(upload.answer()).startsWith("HTTP/1.1 200").contains("\"deleted\":40,");
    } finally {
      api.sql()
          .useHandle(
              handle ->
                  handle.execute(
                      "alter role tidemark_api reset idle_in_transaction_session_timeout"));
    }
  }

  @Test
  void moreThanHalfIsDeletedOnlyWhenItsNumberIsConfirmed() {
    String lines = renamed(lines("p-", 0, 49)) + lines("new-", 0, 500);
    for (String query :
        List.of(
            "?replace=true",
            "?replace=true&confirm-delete=0",
            "?replace=true&confirm-delete=50",
            "?replace=true&confirm-delete=52")) {
      Answer refused = send(api, query, lines);
      assertThat(refused.status()).as(query).isEqualTo(409);
      assertThat(refused.problem()).isEqualTo("deletion-not-confirmed");
      assertThat(refused.json().get("wouldDelete").asInt()).isEqualTo(51);
      assertThat(refused.json().get("products").asInt()).isEqualTo(100);
      assertThat(refused.json().get("detail").asText())
          .contains("confirm-delete=51", "Nothing was written.");
    }
    assertThat(api.texts("select count(*) from product where version = 1 or name <> 'C'"))
        .as("nothing was changed")
        .containsExactly(api.texts("select count(*) from product").getFirst());
    assertThat(live()).hasSize(100);
    Answer confirmed = send(api, "?replace=true&confirm-delete=51", lines);
    assertThat(confirmed.status()).as(confirmed.text()).isEqualTo(200);
    assertThat(confirmed.json().get("deleted").asInt()).isEqualTo(51);
    assertThat(live()).hasSize(549);
  }

  @Test
  void halfIsDeletedWithoutAWord() {
    assertThat(send(api, "?replace=true", lines("p-", 0, 50)).json().get("deleted").asInt())
        .isEqualTo(50);
  }

  @Test
  void nothingIsLeftOfAnImportThatIsOver() throws IOException {
    send(api, "?replace=true", lines("p-", 0, 60));
    send(api, "?replace=true", "");
    Upload.begin(api, "", lines("p-", 0, 1)).close();
    await("the notes are gone")
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(
                        api.texts(
                            "select id::text from replacing_import union all select id from replacing_import_id"))
                    .isEmpty());
  }
}
