package dev.tidemark.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/// Smallest program that writes products into both tables: two JDBC batches for each 500, in one
/// transaction. It treats them as new and as correct, and has them read before the time is counted.
/// Confined to one thread.
final class BareImport {

  private static final int BATCH = 500;

  private static final String PRODUCT =
      "insert into product (id, version, name, description, price, currency, attributes)"
          + " values (?, 1, ?, ?, ?, ?, ?::jsonb)";
  private static final String OUTBOX =
      "insert into outbox (aggregatetype, aggregateid, version, type, payload)"
          + " values ('product', ?, 1, 'product.created', ?::json)";

  private record Line(
      String id,
      String name,
      String description,
      BigDecimal price,
      String currency,
      String attributes,
      String json) {}

  private final Connection connection;
  private final List<Line> lines = new ArrayList<>();

  BareImport(Connection connection, List<String> products) throws JsonProcessingException {
    this.connection = connection;
    JsonMapper mapper = JsonMapper.builder().build();
    for (String product : products) {
      JsonNode json = mapper.readTree(product);
      lines.add(
          new Line(
              json.path("id").asText(),
              json.path("name").asText(),
              json.path("description").asText(),
              json.path("price").decimalValue(),
              json.path("currency").asText(),
              json.path("attributes").isObject() ? json.path("attributes").toString() : "{}",
              product));
    }
  }

  void run() throws SQLException {
    connection.setAutoCommit(false);
    try (Statement marker = connection.createStatement();
        PreparedStatement product = connection.prepareStatement(PRODUCT);
        PreparedStatement outbox = connection.prepareStatement(OUTBOX)) {
      for (int from = 0; from < lines.size(); from += BATCH) {
        // Otherwise the triggers for plain SQL would write the outbox rows.
        marker.execute("set local tidemark.outbox = 'written'");
        for (Line line : lines.subList(from, Math.min(from + BATCH, lines.size()))) {
          product.setString(1, line.id());
          product.setString(2, line.name());
          product.setString(3, line.description());
          product.setBigDecimal(4, line.price());
          product.setString(5, line.currency());
          product.setString(6, line.attributes());
          product.addBatch();
          outbox.setString(1, line.id());
          outbox.setString(2, line.json());
          outbox.addBatch();
        }
        product.executeBatch();
        outbox.executeBatch();
        connection.commit();
      }
    } finally {
      connection.setAutoCommit(true);
    }
  }
}
