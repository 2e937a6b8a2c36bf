package dev.tidemark.cache;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.store.Eviction;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.RedisServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many readers in several processes, on real Redis and real PostgreSQL.
class StampedeIT {

  private static final int PROCESSES = 4;
  private static final int READERS = 1000;

  /// Number of stampedes. The first finds the processes cold, and their connections not open.
  private static final int STAMPEDES = 3;

  @TempDir Path dir;
  private RedisServer redis;
  private PostgresServer postgres;
  private RedisConnection connection;
  private Connection database;
  private final List<Child> children = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    redis = RedisServer.start(dir.resolve("redis"), 0);
    postgres = PostgresServer.start(dir.resolve("postgres"), 0);
    connection = RedisConnection.open(redis.url(), ReaderProcess.REDIS);
    database = DriverManager.getConnection(postgres.jdbcUrl());
    execute("create table product (key text primary key, version bigint, payload bytea)");
    execute("create sequence product_reads");
    for (int i = 0; i < PROCESSES; i++) {
      children.add(Child.start(redis.url(), postgres.jdbcUrl(), READERS / PROCESSES));
    }
  }

  @AfterEach
  void stop() throws Exception {
    children.forEach(Child::close);
    database.close();
    connection.close();
    postgres.close();
    redis.close();
  }

  @Test
  void aThousandReadersInFourProcessesOfOneEvictedKeyCauseExactlyOneDatabaseRead()
      throws Exception {
    VersionedCache cache = ReaderProcess.cache(connection);
    for (int i = 0; i < STAMPEDES; i++) {
      String key = "product:" + i;
      execute("insert into product values ('" + key + "', 1, 'one')");
      assertThat(ReaderProcess.read(cache, postgres.jdbcUrl(), key).version()).isEqualTo(1);
      for (Child child : children) {
        child.say(key);
        assertThat(child.hear()).isEqualTo("ready");
      }
      execute("update product set version = 2, payload = 'two' where key = '" + key + "'");
      assertThat(connection.entries().evict(key, 2)).isEqualTo(Eviction.EVICTED);

      long before = draw();
      children.forEach(child -> child.say("go"));
      for (Child child : children) {
        assertThat(child.hear()).as("versions that the readers got").isEqualTo("[2]");
      }
      assertThat(draw() - before - 1).as("reads of the database, stampede %d", i).isEqualTo(1);
    }
  }

  /// Draws from the sequence as a read does.
  private long draw() throws SQLException {
    try (Statement statement = database.createStatement();
        ResultSet row = statement.executeQuery("select nextval('product_reads')")) {
      row.next();
      return row.getLong(1);
    }
  }

  private void execute(String sql) throws SQLException {
    try (Statement statement = database.createStatement()) {
      statement.execute(sql);
    }
  }

  /// A [ReaderProcess], seen from its parent process.
  private record Child(Process process, PrintWriter in, BufferedReader out) {

    static Child start(String redis, String database, int readers) throws IOException {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx128m",
                  "-XX:+UseSerialGC",
                  "-cp",
                  System.getProperty("java.class.path"),
                  ReaderProcess.class.getName(),
                  redis,
                  database,
                  Integer.toString(readers))
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      return new Child(
          process, new PrintWriter(process.outputWriter(UTF_8), true), process.inputReader(UTF_8));
    }

    void say(String line) {
      in.println(line);
    }

    String hear() throws IOException {
      return out.readLine();
    }

    /// Closes its input, with which the process ends.
    void close() {
      in.close();
      process.onExit().join();
    }
  }
}
