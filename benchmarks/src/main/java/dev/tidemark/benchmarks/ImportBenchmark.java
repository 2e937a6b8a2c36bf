package dev.tidemark.benchmarks;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.service.settings.DatabaseUrl;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Measures the API's import of a file of products, beside a bare JDBC batch that writes the same
/// rows into the same two tables, which are empty each time, and then the cost of sending the same
/// file again when nothing differs. It does the same with `?replace=true`.
@Command(
    name = "import",
    description = "POST /products/import beside a bare JDBC batch into the same two tables.")
final class ImportBenchmark extends Benchmark {
  private static final String API = "api";
  private static final String REPLACE = "replace";
  private static final String JDBC = "jdbc";

  @Option(
      names = "--rounds",
      defaultValue = "7",
      paramLabel = "N",
      description = "Rounds that count, on each side (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--warm-up-rounds",
      defaultValue = "2",
      paramLabel = "N",
      description = "Rounds before those (${DEFAULT-VALUE}).")
  private int warmUpRounds;

  @Option(
      names = "--lines",
      defaultValue = "20000",
      paramLabel = "N",
      description = "Products in a made-up file (${DEFAULT-VALUE}).")
  private int lines;

  @Option(
      names = "--file",
      paramLabel = "FILE",
      description = "A file of products instead, one JSON object a line, not compressed.")
  private @Nullable Path file;

  @Override
  Report run(Workbench bench) throws Exception {
    List<String> products = products();
    PostgresServer postgres = bench.postgres();
    RedisServer redis = bench.redis();
    new Migration(DatabaseUrl.parse(postgres.url()), bench::say).run();
    Connection connection =
        bench.closing(
            DriverManager.getConnection(postgres.jdbcUrl() + "&reWriteBatchedInserts=true"));
    ImportProgram api = bench.closing(ImportProgram.start(bench, postgres.url(), redis.url()));
    BareImport jdbc = new BareImport(connection, products);
    byte[] body = String.join("\n", products).getBytes(StandardCharsets.UTF_8);
    List<Side> sides =
        List.of(
            new Side(API, () -> twice(connection, products.size(), () -> api.send(body, ""))),
            new Side(
                REPLACE,
                () -> twice(connection, products.size(), () -> api.send(body, "?replace=true"))),
            new Side(JDBC, () -> once(connection, products.size(), jdbc::run)));
    Comparison.alternate(warmUpRounds, sides, "warm-up", bench::say);
    Comparison measured = Comparison.alternate(rounds, sides, "import", bench::say);
    return new Report(
        "import",
        new Row().with("rounds", rounds).with("lines", products.size()).with("bytes", body.length),
        List.of(
            new Row()
                .with("api_s", measured.median(API, "s"))
                .with("jdbc_s", measured.median(JDBC, "s"))
                .with("api_rows_per_s", products.size() / measured.median(API, "s"))
                .with("jdbc_rows_per_s", products.size() / measured.median(JDBC, "s"))
                .with("speed_ratio", measured.ratio(JDBC, API, "s"))
                .with("again_s", measured.median(API, "again_s"))
                .with("replace_s", measured.median(REPLACE, "s"))
                .with("replace_ratio", measured.ratio(REPLACE, API, "s"))
                .with("replace_again_s", measured.median(REPLACE, "again_s"))));
  }

  private interface Work {
    void run() throws Exception;
  }

  /// Runs the work into empty tables, and then again.
  private static Map<String, Double> twice(Connection connection, int products, Work work)
      throws Exception {
    Map<String, Double> figures = new HashMap<>(once(connection, products, work));
    figures.put("again_s", seconds(connection, products, work));
    return figures;
  }

  private static Map<String, Double> once(Connection connection, int products, Work work)
      throws Exception {
    try (Statement statement = connection.createStatement()) {
      // This bypasses the trigger that refuses it.
      statement.execute("set session_replication_role = replica");
      statement.execute("truncate product, outbox");
      statement.execute("set session_replication_role = origin");
      statement.execute("checkpoint");
    }
    return Map.of("s", seconds(connection, products, work));
  }

  /// Returns the time that the work takes. Afterwards there is a row of each product in both
  /// tables.
  private static double seconds(Connection connection, int products, Work work) throws Exception {
    long start = System.nanoTime();
    work.run();
    double seconds = (System.nanoTime() - start) / 1e9;
    for (String table : List.of("product", "outbox")) {
      long rows = count(connection, table);
      if (rows != products) {
        throw new IllegalStateException(
            "%d rows in %s after %d products".formatted(rows, table, products));
      }
    }
    return seconds;
  }

  private static long count(Connection connection, String table) throws SQLException {
    try (Statement statement = connection.createStatement();
        var row = statement.executeQuery("select count(*) from " + table)) {
      row.next();
      return row.getLong(1);
    }
  }

  private List<String> products() throws IOException {
    Optional<Path> given = Optional.ofNullable(file);
    if (given.isPresent()) {
      return Files.readAllLines(given.get()).stream().filter(line -> !line.isBlank()).toList();
    }
    String description = "Boils a litre of water in three minutes. ".repeat(6);
    return IntStream.range(0, lines)
        .mapToObj(
            i ->
                """
                {"id":"product-%d","name":"Kettle %d","description":"%s","price":%d.50,"currency":"EUR","attributes":{"colour":"red","litres":1.7}}"""
                    .formatted(i, i, description, i % 1000))
        .toList();
  }
}
