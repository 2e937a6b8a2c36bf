package dev.tidemark.api.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import dev.tidemark.db.Migration;
import dev.tidemark.service.settings.DatabaseUrl;
import java.net.http.HttpRequest.BodyPublishers;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Order of ids in a database whose locale has another than that of bytes: English, where letters
/// come before their capitals and punctuation hardly counts.
final class ByteOrderIT {

  @RegisterExtension private static final RunningService servers = new RunningService();

  private static RunningService api;
  private static Jdbi database;

  @BeforeAll
  static void startInAnotherLocale() throws SQLException {
    servers
        .sql()
        .useHandle(
            handle -> {
              // A server can have only one slot of that name.
              handle.execute("select pg_drop_replication_slot('tidemark_relay')");
              handle.execute(
                  "create database english locale_provider icu icu_locale 'en' template template0");
            });
    String url = servers.postgres().url().replaceFirst("/[^/?]+(\\?|$)", "/english$1");
    new Migration(DatabaseUrl.parse(url), step -> {}).run();
    database = Jdbi.create(DatabaseUrl.parse(url).dataSource("test"));
    api = servers.beside("DATABASE_URL", url);
  }

  @AfterAll
  static void stop() {
    api.service().close();
  }

  @BeforeEach
  void noProducts() {
    database.useHandle(handle -> handle.execute("delete from product"));
  }

  @Test
  void pagesHaveEachProductOnceInTheOrderOfTheBytes() {
    List<String> ids =
        List.of(
            "a", "A", "b", "B", "ab", "Ab", "aB", "AB", "a-b", "a.b", "a_b", "a~b", "A-b", "z", "Z",
            "~z", "_z", "-z", ".z", "-Z", "10", "9", "9a", "a9", "A10", "co-op", "coop", "CO-OP",
            "Coop", "co_op");
    ids.forEach(id -> insert(List.of(id)));
    assertThat(texts("select id from product order by id"))
        .as("this database has another order")
        .isNotEqualTo(List.copyOf(new TreeSet<>(ids)));
    for (int limit : new int[] {1, 3, 7, 1000}) {
      List<String> paged = new ArrayList<>();
      String next = "/products?limit=" + limit;
      while (!next.isEmpty()) {
        Answer page = api.get(next);
        paged.addAll(page.json().get("products").findValuesAsText("id"));
        String link = page.header("Link");
        next = link.isEmpty() ? "" : link.substring(1, link.indexOf('>'));
      }
      assertThat(paged).as("limit %d", limit).containsExactlyElementsOf(new TreeSet<>(ids));
    }
  }

  @Test
  void aReplacingImportDeletesTheOthersAndNoMore() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    Set<String> ids = new TreeSet<>();
    while (ids.size() < 3_500) {
      ids.add(id(random));
    }
    insert(List.copyOf(ids));
    List<String> kept = new ArrayList<>(ids);
    Collections.shuffle(kept, random);
    kept.subList(2_000, kept.size()).clear();
    StringBuilder lines = new StringBuilder();
    kept.forEach(
        id ->
            lines
                .append("{\"id\":\"")
                .append(id)
                .append("\",\"name\":\"New\",\"price\":1,\"currency\":\"EUR\"}\n"));
    Answer answer =
        api.send(
            "POST",
            "/products/import?replace=true",
            BodyPublishers.ofString(lines.toString()),
            "Content-Type",
            "application/x-ndjson");
    assertThat(answer.status()).as("seed %d: %s", seed, answer.text()).isEqualTo(200);
    assertThat(answer.json().get("deleted").asLong()).as("seed %d", seed).isEqualTo(1_500);
    assertThat(texts("select id from product where deleted_at is null"))
        .as("seed %d", seed)
        .containsExactlyInAnyOrderElementsOf(kept);
  }

  private static String id(Random random) {
    String signs = "abcABC019-._~";
    StringBuilder id = new StringBuilder();
    for (int i = random.nextInt(3, 8); i > 0; i--) {
      id.append(signs.charAt(random.nextInt(signs.length())));
    }
    return id.toString().matches("\\.+") ? "a" : id.toString();
  }

  @Test
  void anIndexServesThePages() {
    database.useTransaction(
        handle -> {
          handle.execute("select set_config('tidemark.outbox', 'written', true)");
          handle.execute(
              "insert into product (id, version, name, price, currency)"
                  + " select 'many-' || n, 1, 'Chair', 1, 'EUR' from generate_series(1, 20000) n");
        });
    database.useHandle(handle -> handle.execute("analyze product"));
    assertThat(plan("page.sql", 100))
        .contains("using product_id_bytes")
        .doesNotContain("Seq Scan on product", "product_pkey");
    assertThat(plan("import-page.sql", 1000))
        .contains("using product_id_bytes", "using replacing_import_id_pkey")
        .doesNotContain("Seq Scan on product", "using product_pkey");
  }

  /// A small table, or one that was not analyzed yet, is sorted for each product of a page.
  @Test
  void whatIsSortedIsNotRenderedYet() {
    String plan = plan("explain (verbose) ", "page.sql", 100, "indexscan", "bitmapscan");
    assertThat(plan).containsPattern("\n *Sort Key: [^\n]*product[^\n]* COLLATE");
    assertThat(plan)
        .contains("row_to_json")
        .doesNotContainPattern("Output: [^\n]*row_to_json[^\n]*\n *Sort Key: ");
  }

  private static String plan(String file, int limit) {
    // An empty table would be read as a whole.
    return plan("explain ", file, limit, "bitmapscan");
  }

  private static String plan(String explain, String file, int limit, String... without) {
    return database.withHandle(
        handle -> {
          for (String way : without) {
            handle.execute("set enable_" + way + " = off");
          }
          var query =
              handle
                  .createQuery(explain + SqlFile.read(file))
                  .bind("after", "many-5")
                  .bind("limit", limit);
          if (file.equals("page.sql")) {
            query.bind("bytes", 1_000_000L);
          } else {
            query.bind("import", java.util.UUID.randomUUID());
          }
          return String.join("\n", query.mapTo(String.class).list());
        });
  }

  private static void insert(List<String> ids) {
    database.useHandle(
        handle ->
            handle
                .createUpdate(
                    "insert into product (id, name, price, currency)"
                        + " select unnest(cast(:ids as text[])), 'Old', 1, 'EUR'")
                .bindArray("ids", String.class, ids)
                .execute());
  }

  private static List<String> texts(String query) {
    return database.withHandle(handle -> handle.createQuery(query).mapTo(String.class).list());
  }
}
