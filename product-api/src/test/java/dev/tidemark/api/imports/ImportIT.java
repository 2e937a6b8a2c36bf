package dev.tidemark.api.imports;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.api.RawHttp;
import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

final class ImportIT {

  @RegisterExtension private static final RunningService api = new RunningService();

  private static String product(String id, String name) {
    return "{\"id\":\"%s\",\"name\":\"%s\",\"price\":1,\"currency\":\"EUR\"}\n".formatted(id, name);
  }

  private static String products(String prefix, int from, int to, String name) {
    return IntStream.range(from, to)
        .mapToObj(i -> product(prefix + i, name))
        .collect(Collectors.joining());
  }

  private static Answer send(String lines) {
    return send(BodyPublishers.ofString(lines));
  }

  private static Answer send(BodyPublisher body, String... headers) {
    String[] all = Arrays.copyOf(headers, headers.length + 2);
    all[headers.length] = "Content-Type";
    all[headers.length + 1] = "application/x-ndjson";
    return api.send("POST", "/products/import", body, all);
  }

  private static void assertCounts(
      Answer answer, int created, int updated, int unchanged, int failed) {
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    assertThat(answer.text())
        .startsWith(
            "{\"created\":%d,\"updated\":%d,\"unchanged\":%d,\"failed\":%d,"
                .formatted(created, updated, unchanged, failed));
  }

  private static int events(String pattern) {
    return Integer.parseInt(
        api.texts("select count(*) from outbox where aggregateid like '" + pattern + "'")
            .getFirst());
  }

  @Test
  void everyLineBecomesAProductAndItsEvent() {
    assertCounts(send(products("all-", 0, 1234, "A")), 1234, 0, 0, 0);
    assertThat(events("all-%")).isEqualTo(1234);
    assertThat(api.get("/products/all-1233").json().get("name").asText()).isEqualTo("A");
  }

  @Test
  void aSecondImportWritesOnlyWhatDiffers() {
    send(products("diff-", 0, 600, "A"));
    String wal = api.texts("select pg_current_wal_insert_lsn()").getFirst();
    assertCounts(send(products("diff-", 0, 600, "A")), 0, 0, 600, 0);
    assertThat(
            api.texts(
                "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '"
                    + wal
                    + "')::bigint < 5000"))
        .as("nothing but the server's own housekeeping went to the log")
        .containsExactly("t");
    assertCounts(
        send(products("diff-", 0, 10, "B") + products("diff-", 10, 601, "A")), 1, 10, 590, 0);
    assertThat(events("diff-%")).isEqualTo(611);
  }

  @Test
  void aGzipBodyIsTakenAsItComes() throws IOException {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
      gzip.write(products("gz-", 0, 700, "A").getBytes(StandardCharsets.UTF_8));
    }
    byte[] bytes = compressed.toByteArray();
    assertCounts(send(BodyPublishers.ofByteArray(bytes), "Content-Encoding", "gzip"), 700, 0, 0, 0);

    Answer cut =
        send(
            BodyPublishers.ofByteArray(Arrays.copyOf(bytes, bytes.length / 2)),
            "Content-Encoding",
            "gzip");
    assertThat(cut.status()).isEqualTo(400);
    assertThat(cut.problem()).isEqualTo("malformed-request");
    Answer plain = send(BodyPublishers.ofString(product("gz", "A")), "Content-Encoding", "gzip");
    assertThat(plain.status()).isEqualTo(400);
  }

  @Test
  void aLineThatFailsIsToldAndTheOthersAreWritten() {
    String lines =
        product("ok-1", "A")
            + "\n"
            + "{\"id\":\"bad id\",\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}\r\n"
            + "{nonsense\n"
            + "{\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}\n"
            + "{\"id\":\"big\",\"name\":\""
            + "x".repeat(2_000_000)
            + "\"}\n"
            + product("ok-2", "A").strip();
    Answer answer = send(lines);
    assertCounts(answer, 2, 0, 0, 4);
    assertThat(answer.json().get("errors").findValuesAsText("line"))
        .containsExactly("3", "4", "5", "6");
    assertThat(answer.json().get("errors").findValuesAsText("field"))
        .containsExactly("id", "", "id", "");
    assertThat(answer.json().get("errors").findValuesAsText("rule"))
        .anyMatch(rule -> rule.startsWith("must be one JSON object: "))
        .contains("is required", "must not be longer than 1048576 bytes");
  }

  @Test
  void theListOfFailingLinesIsBoundedAndTheirCountIsNot() {
    Answer answer = send("{}\n".repeat(1500));
    assertCounts(answer, 0, 0, 0, 1500);
    assertThat(answer.json().get("errors")).hasSize(100);
  }

  private static void whileTheDatabaseAsksFor(String condition, Runnable test) {
    String change = "alter table product %s constraint asked_for %s";
    api.sql()
        .useHandle(
            handle ->
                handle.execute(change.formatted("add", "check (" + condition + ") not valid")));
    try {
      test.run();
    } finally {
      api.sql().useHandle(handle -> handle.execute(change.formatted("drop", "")));
    }
  }

  @Test
  void aLineThatOnlyTheDatabaseRefusesDoesNotTakeOthersAlong() {
    whileTheDatabaseAsksFor(
        "id <> 'refused'",
        () -> {
          Answer answer =
              send(product("with-1", "A") + product("refused", "A") + product("with-2", "A"));
          assertCounts(answer, 2, 0, 0, 1);
          assertThat(answer.json().get("errors").get(0).get("line").asInt()).isEqualTo(2);
        });
  }

  @Test
  void failingLinesAreToldInTheirOrderWhoeverFindsThem() {
    whileTheDatabaseAsksFor(
        "id <> 'refused'",
        () -> {
          Answer answer =
              send(
                  product("order", "A")
                      + product("refused", "A")
                      + "nonsense\n"
                      + product("refused", "B")
                      + products("order-", 5, 1001, "A")
                      + "nonsense\n");
          assertCounts(answer, 997, 0, 0, 4);
          assertThat(answer.json().get("errors").findValuesAsText("line"))
              .containsExactly("2", "3", "4", "1001");
        });
  }

  @Test
  void anIdThatComesAgainIsWrittenAgain() {
    assertCounts(
        send(
            product("twice", "A")
                + product("twice", "B")
                + product("other", "A")
                + product("twice", "B")),
        2,
        1,
        1,
        0);
    assertThat(api.events("twice")).containsExactly("1 product.created", "2 product.updated");
    assertThat(api.get("/products/twice").json().get("name").asText()).isEqualTo("B");
  }

  @Test
  void aDeletedProductComesBack() { // H10
    send(product("back", "A"));
    api.delete("/products/back");
    assertCounts(send(product("back", "A")), 1, 0, 0, 0);
    assertThat(api.events("back"))
        .containsExactly("1 product.created", "2 product.deleted", "3 product.created");
  }

  @Test
  void batchesThatWereCommittedStayWhenTheClientGoesAway() throws IOException {
    byte[] lines = products("gone-", 0, 1200, "A").getBytes(StandardCharsets.UTF_8);
    String head =
        "POST /products/import HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n"
            .formatted(lines.length + 1);
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), api.service().port())) {
      client.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      client.getOutputStream().write(lines);
      await().untilAsserted(() -> assertThat(events("gone-%")).isEqualTo(1000));
    }
    assertCounts(send(products("gone-", 0, 1200, "A")), 200, 0, 1000, 0);
  }

  @Test
  void whatADatabaseFaultHasCutIsFinishedBySendingItAgain() throws Exception { // H6
    String lines = products("cut-", 0, 1200, "A");
    try (Connection holder = api.connect()) {
      holder.setAutoCommit(false);
      holder
          .createStatement()
          .execute(
              "insert into product (id, name, price, currency) values ('cut-600', 'B', 1, 'EUR')");
      CompletableFuture<Answer> cut = CompletableFuture.supplyAsync(() -> send(lines));
      await("the second batch waits for the holder and is ended")
          .until(
              () ->
                  !api.texts(
                          "select pg_terminate_backend(pid) from pg_stat_activity"
                              + " where usename = 'tidemark_api' and wait_event_type = 'Lock'")
                      .isEmpty());
      assertThat(cut.get().status()).isEqualTo(503);
      assertThat(cut.get().problem()).isEqualTo("database-away");
      assertThat(cut.get().json().get("created").asInt()).isEqualTo(500);
      assertThat(cut.get().json().get("committedLines").asInt()).isEqualTo(500);
      holder.rollback();
    }
    assertCounts(send(lines), 700, 0, 500, 0);
    assertThat(events("cut-%")).isEqualTo(1200);
  }

  @Test
  void aReplacingImportDeletesWhatIsNotInTheFile() {
    Answer before = replaceConfirmed(products("rep-", 0, 1200, "A"));
    assertThat(before.json().get("deleted").asInt()).as("of the other tests").isNotNegative();
    Answer answer = replace("", products("rep-", 600, 1300, "A"));
    assertCounts(answer, 100, 0, 600, 0);
    assertThat(answer.json().get("deleted").asInt()).isEqualTo(600);
    assertThat(api.get("/products/rep-599", "Cache-Control", "no-cache").status()).isEqualTo(404);
    assertThat(api.events("rep-599")).containsExactly("1 product.created", "2 product.deleted");
    assertThat(api.texts("select count(*) from product where deleted_at is null"))
        .containsExactly("700");
    assertThat(replace("", products("rep-", 600, 1300, "A")).json().get("deleted").asInt())
        .isZero();
  }

  @Test
  void nothingIsDeletedWhenALineFailed() {
    send(product("keep-1", "A") + product("keep-2", "A"));
    Answer failed = replace("", product("keep-1", "A") + "nonsense\n");
    assertThat(failed.json().get("deleted").asInt()).isZero();
    assertThat(api.get("/products/keep-2", "Cache-Control", "no-cache").status()).isEqualTo(200);
  }

  @Test
  void whereDeletingFailsItIsToldThatAllLinesAreCommitted() {
    send(product("undeletable", "A"));
    whileTheDatabaseAsksFor(
        "deleted_at is null",
        () -> {
          Answer answer = replaceConfirmed(products("stays-", 0, 500, "A"));
          assertThat(answer.status()).isEqualTo(422);
          assertThat(answer.json().get("committedLines").asInt()).isEqualTo(500);
          assertThat(answer.json().get("created").asInt()).isEqualTo(500);
        });
  }

  @Test
  void theParameterIsTakenStrictly() {
    for (String query :
        List.of(
            "?replace=yes",
            "?replace",
            "?x=1",
            "?replace=true&x=1",
            "?replace=true&replace=true",
            "?confirm-delete=1",
            "?replace=false&confirm-delete=1",
            "?replace=true&confirm-delete",
            "?replace=true&confirm-delete=all",
            "?replace=true&confirm-delete=-1",
            "?replace=true&confirm-delete=1&confirm-delete=2")) {
      Answer answer =
          api.send(
              "POST",
              "/products/import" + query,
              BodyPublishers.noBody(),
              "Content-Type",
              "application/x-ndjson");
      assertThat(answer.status()).as(query).isEqualTo(400);
    }
  }

  private static Answer replace(String parameters, String lines) {
    return api.send(
        "POST",
        "/products/import?replace=true" + parameters,
        BodyPublishers.ofString(lines),
        "Content-Type",
        "application/x-ndjson");
  }

  /// Confirms the number of deletions, if the service asks for it.
  private static Answer replaceConfirmed(String lines) {
    Answer answer = replace("", lines);
    return answer.status() == 409
        ? replace("&confirm-delete=" + answer.json().get("wouldDelete").asLong(), lines)
        : answer;
  }

  private static void awaitBegun() {
    await("the import has begun")
        .atMost(Duration.ofSeconds(30))
        .until(() -> !api.texts("select id from replacing_import").isEmpty());
  }

  @Test
  void whatOthersWriteDuringAReplacingImportStays() throws IOException {
    api.put("/products/before", "{'name':'A','price':1,'currency':'EUR'}");
    String all = api.texts("select count(*) from product where deleted_at is null").getFirst();
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), api.service().port())) {
      client.setSoTimeout(60_000);
      String lines = products("since-", 0, 500, "A");
      client.getOutputStream().write(head("?replace=true&confirm-delete=" + all));
      client.getOutputStream().write(RawHttp.bytes(Integer.toHexString(lines.length()), lines));
      awaitBegun();
      api.put("/products/during", "{'name':'A','price':1,'currency':'EUR'}");
      client.getOutputStream().write(RawHttp.bytes("0", ""));
      assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .contains("\"created\":500", "\"deleted\":");
    }
    assertThat(api.get("/products/during", "Cache-Control", "no-cache").status()).isEqualTo(200);
    assertThat(api.get("/products/before", "Cache-Control", "no-cache").status()).isEqualTo(404);
  }

  private static byte[] head(String query) {
    return RawHttp.bytes(
        "POST /products/import" + query + " HTTP/1.1",
        "Host: x",
        "Connection: close",
        "Accept: application/x-ndjson",
        "Content-Type: application/x-ndjson",
        "Transfer-Encoding: chunked",
        "");
  }

  @Test
  void whoeverAcceptsLinesIsToldHowItGoesOn() throws Exception {
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), api.service().port())) {
      client.setSoTimeout(60_000);
      var out = client.getOutputStream();
      out.write(head(""));
      var in =
          new java.io.BufferedReader(
              new java.io.InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8));
      java.util.concurrent.atomic.AtomicInteger next =
          new java.util.concurrent.atomic.AtomicInteger();
      // Until the first answer comes, which is while the body is still being sent.
      await()
          .pollInterval(Duration.ofMillis(100))
          .until(
              () -> {
                int from = next.getAndAdd(500);
                byte[] lines =
                    products("told-", from, from + 500, "A").getBytes(StandardCharsets.UTF_8);
                out.write(
                    (Integer.toHexString(lines.length) + "\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
                out.write(lines);
                out.write('\r');
                out.write('\n');
                out.flush();
                return in.ready();
              });
      out.write(RawHttp.bytes("0", ""));
      out.flush();
      String answer = in.lines().collect(Collectors.joining("\n"));
      assertThat(answer)
          .startsWith("HTTP/1.1 200")
          .contains("Content-Type: application/x-ndjson")
          .containsPattern("\\{\"committedLines\":\\d+,\"created\":")
          .contains(
              "{\"created\":%d,\"updated\":0,\"unchanged\":0,\"failed\":0,\"errors\":[]}"
                  .formatted(next.get()));
    }
  }

  @Test
  void anImportThatBreaksOffWhileItIsToldEndsWithTheProblem() throws IOException {
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), api.service().port())) {
      String lines = products("off-", 0, 1000, "A");
      client.getOutputStream().write(head(""));
      client
          .getOutputStream()
          .write(RawHttp.bytes(Integer.toHexString(lines.length()), lines, "zz"));
      client.setSoTimeout(60_000);
      String answer = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(answer)
          .contains("urn:tidemark:problem:malformed-request", "\"committedLines\":1000");
    }
  }
}
