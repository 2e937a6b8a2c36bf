package dev.tidemark.relay;

import dev.tidemark.embedded.EmbeddedServer;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.RedisServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/// One PostgreSQL and one Kafka for all test classes of this JVM, which take more time to start
/// than many a class to run. Each is started when a test first asks for it, and stopped after the
/// last test.
///
/// A test asks by a parameter. The server that it gets runs and is empty: the database `tidemark`
/// has no tables, and there are no roles, slots, changed settings or topics of those who had it
/// before. The server's identity stays.
///
/// A class that needs a server of another kind, or several, starts its own.
public final class SharedServers implements ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(SharedServers.class);

  /// Statements that leave of a server what `initdb` makes, in the order in which they are run.
  private static final List<String> EMPTYING =
      List.of(
          "select 'alter system reset all'",
          "select 'select pg_reload_conf()'",
          """
          select format('select pg_terminate_backend(%s, 60000)', active_pid)
            from pg_replication_slots where active_pid is not null
          """,
          "select format('select pg_drop_replication_slot(%L)', slot_name) from"
              + " pg_replication_slots",
          """
          select format('drop database %I with (force)', datname)
            from pg_database where not datistemplate and datname <> 'postgres'
          """,
          "select format('drop role %I', rolname) from pg_roles where oid >= 16384",
          "select 'create database tidemark'");

  /// A server and its data, which end with the tests.
  private record Running(EmbeddedServer server, Path folder) implements AutoCloseable {
    static Running start(Function<Path, EmbeddedServer> start) {
      try {
        var folder = Files.createTempDirectory("tidemark-it-");
        return new Running(start.apply(folder), folder);
      } catch (IOException e) {
        throw new UncheckedIOException("no folder for a server's data", e);
      }
    }

    @Override
    public void close() throws IOException {
      server.close();
      try (Stream<Path> files = Files.walk(folder)) {
        for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    var type = parameter.getParameter().getType();
    return type == PostgresServer.class || type == KafkaServer.class;
  }

  @Override
  public EmbeddedServer resolveParameter(ParameterContext parameter, ExtensionContext context) {
    var type = parameter.getParameter().getType();
    var server =
        context
            .getRoot()
            .getStore(NAMESPACE)
            .computeIfAbsent(type, SharedServers::start, Running.class)
            .server();
    if (!server.isAlive()) {
      server.restart();
    }
    switch (server) {
      case PostgresServer postgres -> empty(postgres);
      case KafkaServer kafka -> empty(kafka);
      case RedisServer redis ->
          throw new IllegalStateException("nobody asks for Redis at " + redis.url());
    }
    return server;
  }

  private static Running start(Class<?> type) {
    return Running.start(
        folder ->
            type == KafkaServer.class
                ? KafkaServer.start(folder, 0)
                : PostgresServer.startWithoutFsync(folder, 0));
  }

  /// Leaves nothing of what was done with the server, but for its identity.
  public static void empty(PostgresServer server) {
    var url = server.jdbcUrl().replace("/tidemark?", "/postgres?");
    try (var session = DriverManager.getConnection(url)) {
      for (var statements : EMPTYING) {
        for (var statement : texts(session, statements)) {
          try (Statement step = session.createStatement()) {
            step.execute(statement);
          }
        }
      }
    } catch (SQLException e) {
      throw new IllegalStateException("the tests' PostgreSQL could not be emptied", e);
    }
  }

  private static List<String> texts(Connection session, String query) throws SQLException {
    var texts = new ArrayList<String>();
    try (Statement statement = session.createStatement();
        var rows = statement.executeQuery(query)) {
      while (rows.next()) {
        texts.add(rows.getString(1));
      }
    }
    return texts;
  }

  private static void empty(KafkaServer server) {
    try (var admin = Admin.create(Map.of("bootstrap.servers", server.bootstrapServers()))) {
      admin.deleteTopics(admin.listTopics().names().get()).all().get();
      Awaitility.await("topics of earlier tests to be gone")
          .until(() -> admin.listTopics().names().get().isEmpty());
    } catch (ExecutionException e) {
      throw new IllegalStateException("the tests' Kafka could not be emptied", e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while the tests' Kafka is emptied", e);
    }
  }
}
