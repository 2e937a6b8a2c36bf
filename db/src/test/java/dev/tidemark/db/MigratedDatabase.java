package dev.tidemark.db;

import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.PostgresTemplate;
import dev.tidemark.service.settings.DatabaseUrl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// A PostgreSQL server with a migrated database, for the tests of one class.
final class MigratedDatabase implements BeforeAllCallback, AfterAllCallback {

  private static final PostgresTemplate MIGRATED =
      new PostgresTemplate(
          server -> new Migration(DatabaseUrl.parse(server.url()), step -> {}).run());

  private Path folder;
  private PostgresServer server;

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    folder = Files.createTempDirectory("db-");
    server = MIGRATED.start(folder);
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    server.close();
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  PostgresServer server() {
    return server;
  }

  DatabaseUrl url() {
    return DatabaseUrl.parse(server.url());
  }

  Connection connect() throws SQLException {
    return url().dataSource("test").getConnection();
  }

  Connection connectAs(String role) throws SQLException {
    return url().withUser(role, Optional.empty()).dataSource("test").getConnection();
  }

  void execute(String sql) throws SQLException {
    try (Connection connection = connect()) {
      execute(connection, sql);
    }
  }

  static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /// Returns the first column of a query's answer.
  List<String> texts(String query) throws SQLException {
    try (Connection connection = connect()) {
      return texts(connection, query);
    }
  }

  static List<String> texts(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      List<String> texts = new ArrayList<>();
      while (rows.next()) {
        texts.add(rows.getString(1));
      }
      return texts;
    }
  }

  /// Returns the events of a product in the order of their versions.
  List<String> events(String id) throws SQLException {
    return texts(
        "select version || ' ' || type from outbox where aggregateid = '%s' order by version"
            .formatted(id));
  }
}
