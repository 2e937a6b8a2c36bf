package dev.tidemark.relay.resync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.event.OutboxEvent;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.service.settings.DatabaseUrl;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Order in which `resync` goes through products, in a database whose locale has another one.
@ExtendWith(SharedServers.class)
final class ByteOrderIT {

  private static final List<String> IDS =
      List.of("a", "A", "b", "B", "a-b", "a.b", "a_b", "a~b", "A-b", "Ab", "~z", "-Z", "9", "10");

  private static PostgresServer postgres;
  private static DatabaseUrl url;

  @BeforeAll
  static void startInAnotherLocale(PostgresServer server) throws SQLException {
    postgres = server;
    Jdbi.create(postgres.jdbcUrl())
        .useHandle(
            handle ->
                handle.execute(
                    "create database english locale_provider icu icu_locale 'en' template"
                        + " template0"));
    url = DatabaseUrl.parse(postgres.url().replaceFirst("/[^/?]+(\\?|$)", "/english$1"));
    new Migration(url, step -> {}).run();
    Jdbi.create(url.dataSource("test"))
        .useHandle(
            handle ->
                handle
                    .createUpdate(
                        "insert into product (id, name, price, currency)"
                            + " select unnest(cast(:ids as text[])), 'Old', 1, 'EUR'")
                    .bindArray("ids", String.class, IDS)
                    .execute());
  }

  @Test
  void pagesHaveEachProductOnceInTheOrderOfTheBytes() {
    assertThat(ids(ProductRange.ALL)).containsExactlyElementsOf(new TreeSet<>(IDS));
  }

  @Test
  void aRangeIsOneOfBytes() {
    ProductRange capitals =
        new ProductRange(Optional.of("A"), Optional.of("Z"), Optional.empty(), List.of());
    assertThat(ids(capitals)).containsExactly("A", "A-b", "Ab", "B");
  }

  private static List<String> ids(ProductRange range) {
    List<String> ids = new ArrayList<>();
    try (PostgresProducts products = PostgresProducts.open(url.dataSource("test"))) {
      Optional<String> after = Optional.empty();
      while (true) {
        List<OutboxEvent> page = products.page(range, after, 3);
        if (page.isEmpty()) {
          assertThat(products.count(range)).isEqualTo(ids.size());
          return ids;
        }
        page.forEach(event -> ids.add(event.aggregateId()));
        after = Optional.of(page.getLast().aggregateId());
      }
    }
  }
}
