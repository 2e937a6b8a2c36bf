package dev.tidemark.invalidator;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.PostgresTemplate;
import dev.tidemark.service.settings.DatabaseUrl;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/// A real, migrated PostgreSQL with products that are written by plain SQL.
public final class TestProducts implements AutoCloseable {

  private static final PostgresTemplate MIGRATED =
      new PostgresTemplate(
          server -> new Migration(DatabaseUrl.parse(server.url()), step -> {}).run());

  private final PostgresServer server;

  private TestProducts(PostgresServer server) {
    this.server = server;
  }

  public static TestProducts start(Path dir) {
    return new TestProducts(MIGRATED.start(dir));
  }

  public PostgresServer server() {
    return server;
  }

  /// Returns the address for the role with the fewest rights.
  public String auditUrl() {
    return server.url().replace("postgres@", "tidemark_audit@");
  }

  /// Brings a product to a version, by as many changes as that takes.
  public void bringTo(String id, long version) throws SQLException {
    for (long known = version(id); known < version; known++) {
      update(
          """
          insert into product (id, name, price, currency, attributes) values (?, 'v0', 9.90, 'EUR', '{"z": 1, "ü": [1.50]}')
            on conflict (id) do update set name = 'v' || product.version, deleted_at = null
          """,
          id);
    }
  }

  public void delete(String id) throws SQLException {
    update("delete from product where id = ?", id);
  }

  /// Sets a product back, like a recovery to an earlier moment.
  public void setBackTo(String id, long version) throws SQLException {
    try (Connection connection = connect()) {
      connection.setAutoCommit(false);
      try (PreparedStatement quiet =
              connection.prepareStatement("set local session_replication_role = replica");
          PreparedStatement update =
              connection.prepareStatement("update product set version = ? where id = ?")) {
        quiet.execute();
        update.setLong(1, version);
        update.setString(2, id);
        update.executeUpdate();
      }
      connection.commit();
    }
  }

  public long version(String id) throws SQLException {
    String version = text("select version from product where id = ?", id);
    return version.isEmpty() ? 0 : Long.parseLong(version);
  }

  public String json(String id) throws SQLException {
    return text("select product_json(p)::text from product p where id = ?", id);
  }

  private String text(String query, String id) throws SQLException {
    try (Connection connection = connect();
        PreparedStatement statement = connection.prepareStatement(query)) {
      statement.setString(1, id);
      try (ResultSet rows = statement.executeQuery()) {
        return rows.next() ? rows.getString(1) : "";
      }
    }
  }

  private void update(String sql, String id) throws SQLException {
    try (Connection connection = connect();
        PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, id);
      statement.executeUpdate();
    }
  }

  private Connection connect() throws SQLException {
    return DatabaseUrl.parse(server.url()).dataSource("test").getConnection();
  }

  @Override
  public void close() {
    server.close();
  }
}
