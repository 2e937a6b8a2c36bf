package dev.tidemark.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/// Gives a product a new price, which no two writes share, together with its outbox row, in one
/// statement and transaction. Confined to one thread.
final class ProductWriter implements AutoCloseable {
  /// Statement of the module product-api and its input for one product, read from its resources: no
  /// class of the module is needed.
  private static final String API_STATEMENT = "/sql/write.sql";

  private static final String API_INPUT = "/sql/write-one.sql";

  /// Smallest statement that writes both rows: it knows no condition, no unchanged product and no
  /// race, and does not use the answer.
  private static final String BARE =
      """
      with written as (
        insert into product as p (id, version, name, description, price, currency, attributes, updated_at)
        values (:id, 1, :name, :description, :price, 'EUR', :attributes::jsonb, clock_timestamp())
        on conflict (id) do update
           set version = p.version + 1, name = excluded.name, description = excluded.description, price = excluded.price,
               currency = excluded.currency, attributes = excluded.attributes, updated_at = excluded.updated_at
        returning p.id, p.version, p as product)
      insert into outbox (aggregatetype, aggregateid, version, type, payload)
      select 'product', id, version, 'product.updated', product_json(product) from written
      """;

  private static final Pattern PARAMETER = Pattern.compile("(?<!:):([a-z]+)");
  private static final String NAME = "Kettle";
  private static final String DESCRIPTION = "Boils a litre of water in three minutes. ".repeat(10);
  private static final String ATTRIBUTES = "{\"colour\": \"red\", \"litres\": 1.7}";

  private final PreparedStatement statement;
  private final List<String> parameters;
  private long written;

  private ProductWriter(Connection connection, String sql) throws SQLException {
    parameters = PARAMETER.matcher(sql).results().map(found -> found.group(1)).toList();
    statement = connection.prepareStatement(PARAMETER.matcher(sql).replaceAll("?"));
  }

  static ProductWriter ofTheApi(Connection connection) throws SQLException {
    return new ProductWriter(connection, read(API_STATEMENT).replace("<input>", read(API_INPUT)));
  }

  private static String read(String resource) {
    try (InputStream text =
        Objects.requireNonNull(ProductWriter.class.getResourceAsStream(resource), resource)) {
      // Comments may contain anything, also a parameter's name.
      return new String(text.readAllBytes(), StandardCharsets.UTF_8).replaceAll("--.*", "");
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the API's statement", e);
    }
  }

  static ProductWriter bare(Connection connection) throws SQLException {
    return new ProductWriter(connection, BARE);
  }

  /// @param product a number that stands for its id
  void write(int product) throws SQLException {
    written++;
    BigDecimal price = BigDecimal.valueOf(written, 2);
    for (int i = 0; i < parameters.size(); i++) {
      bind(i + 1, parameters.get(i), "product-" + product, price);
    }
    statement.execute();
  }

  private void bind(int index, String parameter, String id, BigDecimal price) throws SQLException {
    switch (parameter) {
      case "id" -> statement.setString(index, id);
      case "name" -> statement.setString(index, NAME);
      case "description" -> statement.setString(index, DESCRIPTION);
      case "price" -> statement.setBigDecimal(index, price);
      case "currency" -> statement.setString(index, "EUR");
      case "attributes" -> statement.setString(index, ATTRIBUTES);
      case "versions" ->
          statement.setArray(
              index, statement.getConnection().createArrayOf("bigint", new Object[0]));
      case "condition" -> statement.setString(index, "any");
      case "answer" -> statement.setBoolean(index, true);
      case "traceparent" -> statement.setNull(index, Types.VARCHAR);
      default ->
          throw new IllegalStateException(
              API_STATEMENT + " has a parameter that is not known here: " + parameter);
    }
  }

  @Override
  public void close() throws SQLException {
    statement.close();
  }
}
