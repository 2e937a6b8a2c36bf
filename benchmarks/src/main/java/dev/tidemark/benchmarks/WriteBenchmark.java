package dev.tidemark.benchmarks;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.service.settings.DatabaseUrl;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.util.ListStatistics;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Measures the cost for the API of the triggers that watch plain SQL, which it does not need: its
/// write statement on the tables as migrated, the same without the triggers, and beside both the
/// smallest statement that writes a product and its outbox row.
@Command(
    name = "write",
    description = "The API's write, with and without the triggers for plain SQL behind it.")
final class WriteBenchmark extends Benchmark {
  private static final String MIGRATED = "migrated";
  private static final String UNWATCHED = "without_triggers";
  private static final String BARE = "bare";
  private static final int PRODUCTS = 1_000;

  @Option(
      names = "--rounds",
      defaultValue = "50",
      paramLabel = "N",
      description = "Rounds that count, on each side (${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--warm-up-rounds",
      defaultValue = "10",
      paramLabel = "N",
      description = "Rounds before those (${DEFAULT-VALUE}).")
  private int warmUpRounds;

  @Option(
      names = "--writes",
      defaultValue = "100",
      paramLabel = "N",
      description = "Writes in a round (${DEFAULT-VALUE}).")
  private int writes;

  /// Tells whether a write waits for the disk. Where it does not, the work of the server is
  /// visible.
  private enum Commit {
    DURABLE("on"),
    ASYNCHRONOUS("off");

    private final String setting;

    Commit(String setting) {
      this.setting = setting;
    }
  }

  @Override
  Report run(Workbench bench) throws Exception {
    PostgresServer postgres = bench.postgres();
    new Migration(DatabaseUrl.parse(postgres.url()), bench::say).run();
    Connection connection = bench.closing(DriverManager.getConnection(postgres.jdbcUrl()));
    ProductWriter api = bench.closing(ProductWriter.ofTheApi(connection));
    ProductWriter bare = bench.closing(ProductWriter.bare(connection));
    for (int product = 0; product < PRODUCTS; product++) {
      api.write(product);
    }
    List<Side> sides =
        List.of(
            new Side(MIGRATED, () -> round(connection, "enable", api)),
            new Side(UNWATCHED, () -> round(connection, "disable", api)),
            new Side(BARE, () -> round(connection, "disable", bare)));
    List<Row> rows = new ArrayList<>();
    for (Commit commit : Commit.values()) {
      execute(connection, "set synchronous_commit = " + commit.setting);
      String what = commit.name().toLowerCase(Locale.ROOT) + " commits";
      Comparison.alternate(warmUpRounds, sides, "warm-up, " + what, bench::say);
      rows.add(row(what, Comparison.alternate(rounds, sides, what, bench::say)));
    }
    return new Report("write", new Row().with("rounds", rounds).with("writes", writes), rows);
  }

  /// Returns the median of the writes: other work on the machine affects some of them.
  private Map<String, Double> round(Connection connection, String triggers, ProductWriter writer)
      throws SQLException {
    execute(connection, "alter table product %s trigger user".formatted(triggers));
    double[] micros = new double[writes];
    for (int i = 0; i < writes; i++) {
      long start = System.nanoTime();
      writer.write(i % PRODUCTS);
      micros[i] = (System.nanoTime() - start) / 1e3;
    }
    return Map.of("us", new ListStatistics(micros).getPercentile(50));
  }

  private static Row row(String commits, Comparison measured) {
    return new Row()
        .with("commits", commits)
        .with("migrated_us", measured.median(MIGRATED, "us"))
        .with("without_triggers_us", measured.median(UNWATCHED, "us"))
        .with("bare_us", measured.median(BARE, "us"))
        .with("triggers_ratio", measured.ratio(MIGRATED, UNWATCHED, "us"))
        .with("bare_ratio", measured.ratio(MIGRATED, BARE, "us"));
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
