package dev.tidemark.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.replication.PGReplicationStream;

/// The replication stream by plain pgjdbc: rows are decoded and dropped. This is the limit for any
/// reader of the log here.
///
/// It is a thread of this JVM, so its processor time is only that thread's, its memory is not
/// known, and it is cold only in the first round.
final class RawStream implements Carrier {

  private static final int AGGREGATE_ID = 2;
  private static final int VERSION = 3;
  private static final int LONGEST_LENGTH = 5;
  private static final int STATUS_SECONDS = 10;

  private final Connection connection;
  private final PGReplicationStream stream;
  private final Arrivals arrivals;
  private final Thread thread;
  private volatile boolean closed;
  private volatile @Nullable Exception failure;

  private RawStream(Connection connection, PGReplicationStream stream, Arrivals arrivals) {
    this.connection = connection;
    this.stream = stream;
    this.arrivals = arrivals;
    this.thread = Thread.ofPlatform().name("raw-stream").start(this::read);
  }

  static RawStream start(Route route, Arrivals arrivals) throws SQLException {
    Properties settings = new Properties();
    PGProperty.REPLICATION.set(settings, "database");
    PGProperty.PREFER_QUERY_MODE.set(settings, "simple");
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(settings, "17");
    Connection connection = DriverManager.getConnection(route.readerJdbcUrl(), settings);
    PGReplicationStream stream =
        connection
            .unwrap(PGConnection.class)
            .getReplicationAPI()
            .replicationStream()
            .logical()
            .withSlotName(route.slot())
            .withSlotOption("proto_version", "1")
            .withSlotOption("publication_names", OutboxTable.PUBLICATION)
            .withStatusInterval(STATUS_SECONDS, TimeUnit.SECONDS)
            .start();
    return new RawStream(connection, stream, arrivals);
  }

  private void read() {
    try {
      while (!closed) {
        ByteBuffer message = stream.read();
        if (message != null && message.get() == 'I') {
          insert(message);
        }
        stream.setFlushedLSN(stream.getLastReceiveLSN());
      }
    } catch (SQLException | RuntimeException e) {
      if (!closed) {
        failure = e;
      }
    }
  }

  /// Reads an insert. After the letter come the relation's number, `N`, the number of columns; then
  /// each column's kind (`t` for text), length and bytes.
  private void insert(ByteBuffer message) {
    message.position(message.position() + LONGEST_LENGTH);
    byte[][] columns = new byte[message.getShort()][];
    for (int i = 0; i < columns.length; i++) {
      if (message.get() == 't') {
        columns[i] = new byte[message.getInt()];
        message.get(columns[i]);
      }
    }
    arrivals.arrived(
        new String(columns[AGGREGATE_ID], UTF_8),
        Long.parseLong(new String(columns[VERSION], UTF_8)));
  }

  @Override
  public boolean isAlive() {
    return thread.isAlive();
  }

  @Override
  public Duration cpu() {
    return Duration.ofNanos(
        ManagementFactory.getThreadMXBean().getThreadCpuTime(thread.threadId()));
  }

  @Override
  public long residentBytes() {
    return 0;
  }

  @Override
  public String lastWords() {
    return String.valueOf(failure);
  }

  @Override
  public void close() {
    closed = true;
    try {
      connection.abort(Runnable::run);
      thread.join();
    } catch (SQLException e) {
      throw new IllegalStateException("the replication stream could not be closed", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      throw new IllegalStateException("the replication stream broke off", failure);
    }
  }
}
