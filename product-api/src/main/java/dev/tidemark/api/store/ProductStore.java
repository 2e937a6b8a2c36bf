package dev.tidemark.api.store;

import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.RetryPolicy;
import dev.tidemark.api.product.Condition;
import dev.tidemark.api.product.Product;
import dev.tidemark.cache.store.CachedValue;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.statement.Query;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.statement.StatementCustomizer;
import org.jdbi.v3.core.statement.StatementExceptions;
import org.jdbi.v3.core.statement.StatementExceptions.MessageRendering;
import org.postgresql.PGStatement;

/// The products in PostgreSQL. One statement writes the product row and the outbox row.
/// Thread-safe.
///
/// Every method throws [DatabaseFault] when the database is away or refuses.
public final class ProductStore {

  /// A live product as the database renders it.
  @SuppressWarnings("ArrayRecordComponent") // handed on, never changed
  public record Entry(String id, byte[] json) {}

  /// One page of products, by id.
  ///
  /// @param more whether there are products after these
  public record Page(List<Entry> entries, boolean more) {
    public Page {
      entries = List.copyOf(entries);
    }
  }

  private static final String FIND = SqlFile.read("find.sql");
  private static final String FIND_ALL = SqlFile.read("find-all.sql");
  private static final String HOLD = SqlFile.read("hold.sql");
  private static final String PAGE = SqlFile.read("page.sql");
  private static final String WRITE_ONE = write("write-one.sql");
  private static final String WRITE_MANY = write("write-many.sql");
  private static final String DELETE = SqlFile.read("delete.sql");

  /// Largest number of attempts. A new row by another transaction between a statement's snapshot
  /// and its insert is rare, and twice in a row rarer; ids are never removed, so the next attempt
  /// sees the row.
  private static final int MOST_RACES = 10;

  /// Retries for transactions that PostgreSQL ended in favour of another one.
  private static final RetryPolicy<Object> AFTER_CONFLICT =
      RetryPolicy.builder()
          .handleIf(
              fault -> fault instanceof DatabaseFault f && f.kind() == DatabaseFault.Kind.CONFLICT)
          .withBackoff(Duration.ofMillis(5), Duration.ofMillis(200))
          .withJitter(0.5)
          .withMaxAttempts(8)
          .build();

  /// Customizer that plans each batch for its size: a plan for "some rows" would be bad for 500.
  private static final StatementCustomizer PLAN_EACH_TIME =
      new StatementCustomizer() {
        @Override
        public void beforeExecution(java.sql.PreparedStatement statement, StatementContext context)
            throws SQLException {
          statement.unwrap(PGStatement.class).setPrepareThreshold(0);
        }
      };

  private final Jdbi jdbi;
  private final DatabaseReach reach = new DatabaseReach();

  public ProductStore(Jdbi jdbi) {
    // Values that are bound to a statement must not be logged.
    jdbi.getConfig(StatementExceptions.class).setMessageRendering(MessageRendering.NONE);
    this.jdbi = jdbi;
  }

  /// Returns the committed state of one product.
  public CachedValue find(String id) {
    return inHandle(handle -> find(handle, FIND, id));
  }

  private static CachedValue find(Handle handle, String query, String id) {
    return handle
        .createQuery(query)
        .bind("id", id)
        .map((row, context) -> value(row))
        .findOne()
        .orElseGet(() -> new CachedValue.Absent(0));
  }

  /// Returns the committed states of those products that exist or existed.
  public Map<String, CachedValue> findAll(Collection<String> ids) {
    return inHandle(
        handle ->
            handle
                .createQuery(FIND_ALL)
                .bindArray("ids", String.class, ids.toArray())
                .map((row, context) -> Map.entry(row.getString("id"), value(row)))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue)));
  }

  private static CachedValue value(ResultSet row) throws SQLException {
    refuseStandby(row);
    return row.getBoolean("live")
        ? new CachedValue.Present(row.getLong("version"), row.getBytes("json"))
        : new CachedValue.Absent(row.getLong("version"));
  }

  /// Returns a page of live products in the byte order of their ids: at most `limit`, and no more
  /// than `bytes` of JSON, except that the first product is there whatever its size.
  ///
  /// @param after the id after which to begin; empty for the first
  public Page page(String after, int limit, long bytes) {
    List<Entry> entries =
        inHandle(
            handle ->
                handle
                    .createQuery(PAGE)
                    .bind("after", after)
                    .bind("limit", limit)
                    .bind("bytes", bytes)
                    .map((row, context) -> entry(row))
                    .list());
    long total = 0;
    int count = 0;
    for (Entry entry : entries) {
      total += entry.json().length;
      if (count == limit || (count > 0 && total > bytes)) {
        break;
      }
      count++;
    }
    return new Page(entries.subList(0, count), entries.size() > count);
  }

  private static Entry entry(ResultSet row) throws SQLException {
    refuseStandby(row);
    return new Entry(row.getString("id"), row.getBytes("json"));
  }

  /// Refuses the row of a standby: it may be behind, and would be cached. A pooler may lead to a
  /// standby between two statements of a connection.
  private static void refuseStandby(ResultSet row) throws SQLException {
    if (row.getBoolean("standby")) {
      throw DatabaseFault.standby();
    }
  }

  /// Creates or replaces a product, if the condition is met.
  public WriteResult write(Product product, Condition condition, Optional<String> traceparent) {
    return retrying(() -> inHandle(handle -> write(handle, product, condition, traceparent)));
  }

  private static WriteResult write(
      Handle handle, Product product, Condition condition, Optional<String> traceparent) {
    for (int race = 0; race < MOST_RACES; race++) {
      Optional<WriteResult> result = writeOne(handle, product, condition, traceparent).result();
      if (result.isPresent()) {
        return result.get();
      }
    }
    throw new IllegalStateException("product " + product.id() + " is there and is not");
  }

  /// Creates a product where there is none, once for each key.
  public KeyedResult create(Product product, IdempotencyKey key, Optional<String> traceparent) {
    return retrying(
        () ->
            inTransaction(
                handle ->
                    KeyedAnswers.find(handle, key)
                        .orElseGet(
                            () -> {
                              WriteResult result =
                                  write(handle, product, new Condition.IfAbsent(), traceparent);
                              if (result instanceof WriteResult.Created created) {
                                KeyedAnswers.remember(handle, key, product.id(), created);
                              }
                              return new KeyedResult.First(result);
                            })));
  }

  /// Begins an import that replaces all products; empty when another one is in progress.
  public Optional<Replacement> beginReplacement() {
    return Replacement.begin(jdbi);
  }

  /// Deletes some of the answers that are older, and returns their number. There may be more.
  int forgetAnswers(Duration age) {
    return inHandle(handle -> KeyedAnswers.forget(handle, age));
  }

  /// Replaces a live product by the result of an edit of its JSON, if the condition is met. No
  /// other transaction writes the product in between.
  ///
  /// @return empty when there is no live product
  public Optional<WriteResult> edit(
      String id,
      Function<byte[], Product> edit,
      Condition condition,
      Optional<String> traceparent) {
    return retrying(
        () ->
            inTransaction(
                handle ->
                    switch (find(handle, HOLD, id)) {
                      case CachedValue.Absent _ -> Optional.<WriteResult>empty();
                      case CachedValue.Present(long _, byte[] json) ->
                          Optional.of(write(handle, edit.apply(json), condition, traceparent));
                    }));
  }

  /// Creates or replaces products in one transaction. An id that occurs again is written again.
  public Counts writeAll(List<Product> products, Optional<String> traceparent) {
    List<List<Product>> rounds = Rounds.of(products);
    return retrying(
        () ->
            inTransaction(
                handle -> {
                  Counts counts = Counts.NONE;
                  for (List<Product> round : rounds) {
                    counts = counts.plus(writeRound(handle, round, traceparent));
                  }
                  return counts;
                }));
  }

  private static Counts writeRound(
      Handle handle, List<Product> round, Optional<String> traceparent) {
    Counts counts = Counts.NONE;
    List<Product> open = round;
    for (int race = 0; race < MOST_RACES && !open.isEmpty(); race++) {
      List<Row> rows = writeMany(handle, open, traceparent);
      for (Row row : rows) {
        counts = counts.plus(row.outcome());
      }
      List<String> raced =
          rows.stream().filter(row -> row.outcome() == Outcome.RACED).map(Row::id).toList();
      open =
          raced.isEmpty() ? List.of() : open.stream().filter(p -> raced.contains(p.id())).toList();
    }
    if (!open.isEmpty()) {
      throw new IllegalStateException("product " + open.getFirst().id() + " is there and is not");
    }
    return counts;
  }

  private static String write(String input) {
    return SqlFile.read("write.sql").replace("<input>", SqlFile.read(input));
  }

  private static Row writeOne(
      Handle handle, Product product, Condition condition, Optional<String> traceparent) {
    return rows(
            handle
                .createQuery(WRITE_ONE)
                .bind("id", product.id())
                .bind("name", product.name())
                .bind("description", product.description())
                .bind("price", product.price())
                .bind("currency", product.currency())
                .bind("attributes", product.attributes()),
            condition,
            traceparent,
            true)
        .getFirst();
  }

  /// @param products no id twice; sorted here, so that two batches never wait for each other
  private static List<Row> writeMany(
      Handle handle, List<Product> products, Optional<String> traceparent) {
    List<Product> sorted = products.stream().sorted(Comparator.comparing(Product::id)).toList();
    return rows(
        handle
            .createQuery(WRITE_MANY)
            .addCustomizer(PLAN_EACH_TIME)
            .bind("ids", texts(sorted, Product::id))
            .bind("names", texts(sorted, Product::name))
            .bind("descriptions", texts(sorted, Product::description))
            .bind("prices", texts(sorted, product -> product.price().toPlainString()))
            .bind("currencies", texts(sorted, Product::currency))
            .bind("attributes", texts(sorted, Product::attributes)),
        new Condition.None(),
        traceparent,
        false);
  }

  private static List<Row> rows(
      Query write, Condition condition, Optional<String> traceparent, boolean answer) {
    bindCondition(write, condition);
    return write
        .bind("answer", answer)
        .bind("traceparent", traceparent.orElse(null))
        .map((row, context) -> row(row))
        .list();
  }

  /// Returns an array argument. The driver sends an array of strings as its bytes; an array of
  /// objects, as `bindArray` makes it, is escaped here and parsed there.
  private static Argument texts(List<Product> products, Function<Product, String> field) {
    String[] texts = products.stream().map(field).toArray(String[]::new);
    return (position, statement, _) ->
        statement.setArray(position, statement.getConnection().createArrayOf("text", texts));
  }

  /// One row of the answer of write.sql.
  @SuppressWarnings("ArrayRecordComponent") // handed on, never changed
  private record Row(String id, Outcome outcome, long version, byte[] json) {

    /// Returns the result; empty when nothing was done yet.
    Optional<WriteResult> result() {
      return switch (outcome) {
        case CREATED -> Optional.of(new WriteResult.Created(version, json));
        case UPDATED -> Optional.of(new WriteResult.Updated(version, json));
        case UNCHANGED -> Optional.of(new WriteResult.Unchanged(version, json));
        case REFUSED -> Optional.of(new WriteResult.Refused(version));
        case RACED -> Optional.empty();
      };
    }
  }

  private static Row row(ResultSet row) throws SQLException {
    byte[] json = row.getBytes("json");
    return new Row(
        row.getString("id"),
        Outcome.named(row.getString("outcome")),
        row.getLong("version"),
        json == null ? new byte[0] : json);
  }

  /// Deletes a product, if the condition is met.
  public DeleteResult delete(String id, Condition condition, Optional<String> traceparent) {
    return retrying(
        () ->
            inHandle(
                handle -> {
                  var query = handle.createQuery(DELETE);
                  bindCondition(query, condition);
                  return query
                      .bind("id", id)
                      .bind("traceparent", traceparent.orElse(null))
                      .map((row, context) -> deleteResult(row))
                      .findOne()
                      .orElseGet(DeleteResult.Absent::new);
                }));
  }

  private static DeleteResult deleteResult(ResultSet row) throws SQLException {
    return row.getBoolean("met")
        ? new DeleteResult.Deleted(row.getLong("version"))
        : new DeleteResult.Refused(row.getLong("version"));
  }

  private static void bindCondition(SqlStatement<?> statement, Condition condition) {
    List<Long> versions =
        switch (condition) {
          case Condition.IfVersion(List<Long> wanted) -> wanted;
          case Condition.UnlessVersion(List<Long> known) -> known;
          case Condition.None(), Condition.IfAbsent(), Condition.IfPresent() -> List.of();
        };
    statement
        .bind(
            "condition",
            switch (condition) {
              case Condition.None() -> "any";
              case Condition.IfAbsent() -> "absent";
              case Condition.IfPresent() -> "present";
              case Condition.IfVersion(List<Long> _) -> "version";
              case Condition.UnlessVersion(List<Long> _) -> "other";
            })
        .bindArray("versions", Long.class, versions);
  }

  private <T> T inHandle(Function<Handle, T> work) {
    try (Handle handle = jdbi.open()) {
      T result = work.apply(handle);
      reach.answered();
      return result;
    } catch (RuntimeException e) {
      throw reach.failed(DatabaseFault.of(e));
    }
  }

  private <T> T inTransaction(Function<Handle, T> work) {
    try {
      T result = jdbi.inTransaction(work::apply);
      reach.answered();
      return result;
    } catch (RuntimeException e) {
      throw reach.failed(DatabaseFault.of(e));
    }
  }

  /// Runs a transaction, and repeats it where another one was in the way.
  static <T> T retrying(dev.failsafe.function.CheckedSupplier<T> write) {
    try {
      return Failsafe.with(AFTER_CONFLICT).get(write);
    } catch (FailsafeException e) {
      throw new IllegalStateException("a write was interrupted", e.getCause());
    }
  }
}
