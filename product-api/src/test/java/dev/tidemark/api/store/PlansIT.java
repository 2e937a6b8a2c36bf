package dev.tidemark.api.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.tidemark.api.RunningService;
import dev.tidemark.api.product.Condition;
import dev.tidemark.api.product.Product;
import dev.tidemark.service.settings.DatabaseUrl;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Test of the plans of statements for one product: PostgreSQL makes them once and keeps them.
/// Planning costs more than the statement itself.
final class PlansIT {
  private static final int EXECUTIONS = 20;
  private static final Optional<String> TRACE =
      Optional.of("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

  @RegisterExtension private static final RunningService api = new RunningService();

  private HikariDataSource session;
  private ProductStore store;

  @BeforeEach
  void open() {
    session = ConnectionPool.create(DatabaseUrl.parse(api.postgres().url()), 1);
    store = new ProductStore(Jdbi.create(session));
  }

  @AfterEach
  void close() {
    session.close();
  }

  @Test
  void readIsPlannedOnce() {
    repeat(i -> store.find("read-" + i));

    assertPlannedOnce("left join product p on p.id = wanted.id");
  }

  @Test
  void createAndReplaceArePlannedOnce() {
    repeat(i -> store.write(product("put-" + i % 3, i), new Condition.None(), trace(i)));

    assertPlannedOnce("insert into product");
  }

  @Test
  void conditionalReplaceIsPlannedOnce() {
    repeat(
        i ->
            store.write(
                product("if-match", i),
                i == 0 ? new Condition.IfAbsent() : new Condition.IfVersion(List.of((long) i)),
                trace(i)));

    assertThat(store.find("if-match").version()).isEqualTo(EXECUTIONS);
    assertPlannedOnce("insert into product");
  }

  @Test
  void keyedCreateIsPlannedOnce() {
    repeat(
        i ->
            store.create(
                product("keyed-" + i, i), new IdempotencyKey("key-" + i, new byte[32]), trace(i)));

    assertPlannedOnce("insert into product");
    assertPlannedOnce("pg_advisory_xact_lock");
    assertPlannedOnce("from idempotency_key");
    assertPlannedOnce("insert into idempotency_key");
  }

  @Test
  void editIsPlannedOnce() {
    store.write(product("edited", 0), new Condition.None(), TRACE);
    repeat(i -> store.edit("edited", json -> product("edited", i), condition(i), trace(i)));

    assertPlannedOnce("for no key update");
    assertPlannedOnce("insert into product");
  }

  @Test
  void deleteIsPlannedOnce() {
    store.writeAll(
        IntStream.range(0, EXECUTIONS).mapToObj(i -> product("deleted-" + i, i)).toList(), TRACE);
    repeat(i -> store.delete("deleted-" + i, condition(i), trace(i)));

    assertPlannedOnce("update product p");
  }

  private static void repeat(IntConsumer statement) {
    IntStream.range(0, EXECUTIONS).forEach(statement);
  }

  private static Condition condition(int i) {
    return i % 2 == 0 ? new Condition.None() : new Condition.IfPresent();
  }

  private static Optional<String> trace(int i) {
    return i % 2 == 0 ? TRACE : Optional.empty();
  }

  private static Product product(String id, int price) {
    return new Product(id, "Kettle", "", BigDecimal.valueOf(price), "EUR", "{}");
  }

  /// Asserts that the session's statements with this text all have a plan for every execution.
  private void assertPlannedOnce(String text) {
    var plans =
        Jdbi.create(session)
            .withHandle(
                h ->
                    h.createQuery(
                            """
                            select statement, generic_plans, custom_plans
                              from pg_prepared_statements
                             where not from_sql and position(:text in statement) > 0 and position('pg_prepared' in statement) = 0
                            """)
                        .bind("text", text)
                        .mapToMap()
                        .list());
    assertThat(plans)
        .isNotEmpty()
        .allSatisfy(plan -> assertThat((long) plan.get("generic_plans")).isPositive())
        .allSatisfy(plan -> assertThat((long) plan.get("custom_plans")).isEqualTo(5));
  }
}
