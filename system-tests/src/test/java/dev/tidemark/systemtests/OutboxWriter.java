package dev.tidemark.systemtests;

import java.io.IOException;
import java.io.StringReader;
import java.sql.SQLException;
import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.postgresql.PGConnection;

/// Writes rows straight into the outbox, to aggregates of its own in turn: row n goes to aggregate
/// n modulo their number, so a transaction of several rows interleaves them. Confined to one
/// thread.
final class OutboxWriter {
  private static final String COLUMNS = "aggregatetype, aggregateid, version, type, payload";

  private final Jdbi database;
  private final String name;
  private final int aggregates;
  private long rows;
  private boolean isCountUnknown;

  /// Number of rows in one transaction, and so under one LSN or around it.
  enum Shape {
    ONE_ROW(1, 5),
    TEN_ROWS(10, 20),
    SIXTY_THOUSAND_ROWS(60_000, 15_000),
    COPY(500, 300);

    private final int rows;
    private final Duration pause;

    Shape(int rows, int pauseMillis) {
      this.rows = rows;
      this.pause = Duration.ofMillis(pauseMillis);
    }

    /// Returns the pause between transactions that are written all the time, so that a relay that
    /// is killed all the time keeps up.
    Duration pause() {
      return pause;
    }
  }

  /// @param name begins the ids of its aggregates
  OutboxWriter(Jdbi database, String name, int aggregates) {
    this.database = database;
    this.name = name;
    this.aggregates = aggregates;
  }

  /// Writes one transaction.
  ///
  /// @throws WriteFailed when it may or may not be committed; the next one then finds out
  void write(Shape shape) {
    try {
      if (isCountUnknown) {
        rows = count();
        isCountUnknown = false;
      }
      database.<Exception>useTransaction(transaction -> write(transaction, shape));
      rows += shape.rows;
    } catch (Exception e) {
      isCountUnknown = true;
      throw new WriteFailed(e);
    }
  }

  private long count() {
    return database.withHandle(
        h ->
            h.createQuery("select count(*) from outbox where aggregateid like :ids")
                .bind("ids", name + "-%")
                .mapTo(Long.class)
                .one());
  }

  private void write(Handle transaction, Shape shape) throws SQLException, IOException {
    long first = rows;
    long last = rows + shape.rows - 1;
    switch (shape) {
      case ONE_ROW, TEN_ROWS -> {
        for (long n = first; n <= last; n++) {
          insert(transaction, n, n);
        }
      }
      case SIXTY_THOUSAND_ROWS -> insert(transaction, first, last);
      case COPY ->
          transaction
              .getConnection()
              .unwrap(PGConnection.class)
              .getCopyAPI()
              .copyIn(
                  "copy outbox (%s) from stdin".formatted(COLUMNS),
                  new StringReader(
                      LongStream.rangeClosed(first, last)
                          .mapToObj(this::line)
                          .collect(Collectors.joining())));
    }
  }

  private void insert(Handle transaction, long first, long last) {
    transaction.execute(
        """
        insert into outbox (%s)
        select 'product', id, version, 'product.updated',
               json_build_object('id', id, 'version', version, 'n', n)
          from (select ?::text || '-' || n %% ? as id, n / ? + 1 as version, n
                  from generate_series(?, ?) as n) as rows
        """
            .formatted(COLUMNS),
        name,
        aggregates,
        aggregates,
        first,
        last);
  }

  private String line(long n) {
    String id = name + "-" + n % aggregates;
    long version = n / aggregates + 1;
    return "product\t%s\t%d\tproduct.updated\t{\"id\":\"%s\",\"version\":%d,\"n\":%d}\n"
        .formatted(id, version, id, version, n);
  }

  /// Thrown when the database did not confirm that the transaction is committed.
  static final class WriteFailed extends RuntimeException {
    WriteFailed(Exception cause) {
      super(cause);
    }
  }
}
