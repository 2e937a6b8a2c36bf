package dev.tidemark.relay.source;

import dev.failsafe.Failsafe;
import dev.failsafe.RetryPolicy;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.service.settings.Pooler;
import io.debezium.embedded.Connect;
import io.debezium.engine.DebeziumEngine;
import io.debezium.engine.DebeziumEngine.RecordCommitter;
import io.debezium.engine.RecordChangeEvent;
import io.debezium.engine.format.ChangeEventFormat;
import io.debezium.engine.spi.OffsetCommitPolicy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.storage.MemoryOffsetBackingStore;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.LogSequenceNumber;

/// Changes of the outbox, read by Debezium's embedded engine.
///
/// The engine is given no stored offset. So it starts at the slot's confirmed position and returns
/// whole transactions, and none of its own methods to find its last position, which can skip or
/// repeat rows, is used. It confirms at most the end of the last transaction before the newest row
/// that was received.
///
/// One engine: run it once.
public final class DebeziumChangeSource implements ChangeSource {
  private static final String NAME = "tidemark";

  /// Table in the schema in which `migrate` created it: the publication tells which one it is.
  private static final String OUTBOX = "[^.]+\\.outbox";

  /// Time that Debezium sleeps between two looks at the log when there is nothing, and again the
  /// time that it waits for a batch to fill. This is most of the latency of an idle system, and
  /// most of its cost.
  private static final Duration POLL_INTERVAL = Duration.ofMillis(2);

  /// Time within which the reader of the log ends by itself, unless it waits.
  private static final Duration READER_SHUTDOWN = Duration.ofMillis(500);

  private static final int MAX_BATCH = 2_048;
  private static final int MAX_QUEUE = 4_096;

  /// Limit of the queue, which is most of the relay's memory when rows are large: the queue and the
  /// current batch may each hold this much and one row more, and a string takes twice its bytes
  /// when one character is not Latin.
  private static final long MAX_QUEUE_BYTES = 8L << 20;

  private final Configuration configuration;
  private final AtomicReference<@Nullable DebeziumEngine<?>> engine = new AtomicReference<>();
  private volatile boolean closed;
  private long precedingCommit;

  public DebeziumChangeSource(Configuration configuration) {
    this.configuration = configuration;
  }

  @Override
  public void run(Receiver receiver) {
    var failure = new AtomicReference<@Nullable Throwable>();
    var properties = properties();
    var unlisten = DebeziumQueue.listen(properties, receiver::announce);
    var running =
        DebeziumEngine.create(ChangeEventFormat.of(Connect.class))
            .using(properties)
            .using(OffsetCommitPolicy.always())
            .using(
                (success, message, error) ->
                    failure.set(
                        success ? null : error != null ? error : new StreamFailed(message, null)))
            .notifying((records, committer) -> receive(records, committer, receiver))
            .build();
    engine.set(running);
    try {
      if (!closed) {
        running.run();
      }
    } finally {
      // It may throw when it is closed just then. The thread that closes it must not wait for it
      // any more.
      engine.set(null);
      unlisten.run();
    }
    var thrown = failure.get();
    if (thrown != null && !closed) {
      throw new StreamFailed(
          Pooler.refusal(thrown).orElse("the stream of changes from PostgreSQL ended"), thrown);
    }
  }

  @Override
  public void close() {
    closed = true;
    // The engine refuses to close while its tasks start. It is asked again until it has started or
    // is gone.
    var untilStarted =
        RetryPolicy.builder()
            .handle(IllegalStateException.class)
            .withDelay(Duration.ofMillis(20))
            .withMaxRetries(-1)
            .abortIf((result, refused) -> engine.get() == null)
            .build();
    var running = engine.get();
    if (running != null) {
      try {
        Failsafe.with(untilStarted).run(running::close);
      } catch (IllegalStateException stoppedByItself) {
        // There is nothing left to close.
      }
    }
  }

  private void receive(
      List<RecordChangeEvent<SourceRecord>> records,
      RecordCommitter<RecordChangeEvent<SourceRecord>> committer,
      Receiver receiver)
      throws InterruptedException {
    var changes = new ArrayList<Change>(records.size());
    var heartbeats = new ArrayList<ByteBuffer>();
    long end = 0;
    for (var received : records) {
      var sourceRecord = received.record();
      // An LSN may step back here: a message inside a transaction lies before the end of
      // transactions that were already returned.
      var offset = sourceRecord.sourceOffset();
      precedingCommit = Math.max(precedingCommit, lsn(offset, "lsn_commit"));
      end = Math.max(end, Math.max(precedingCommit, lsn(offset, "lsn_proc")));
      if (sourceRecord.value() instanceof Struct value) {
        if (value.schema().field("after") != null) {
          changes.add(change(value, offset));
        } else if (value.schema().field("message") != null) {
          heartbeats.add(content(value.getStruct("message")));
        }
      }
    }
    try {
      receiver.receive(new Batch(changes, heartbeats, LogSequenceNumber.valueOf(end)));
    } catch (RuntimeException e) {
      // Never let the receiver's own exception out: an engine that retries treats one of Kafka
      // Connect's retriable kind as permission to drop the batch and go on with the next (H26).
      throw new StreamFailed("a batch of %d changes was not taken".formatted(changes.size()), e);
    }
    committer.markProcessed(records.getLast());
    committer.markBatchFinished();
  }

  private static ByteBuffer content(Struct message) {
    return switch (message.get("content")) {
      case ByteBuffer content -> content;
      case byte[] content -> ByteBuffer.wrap(content);
      case null, default -> ByteBuffer.allocate(0);
    };
  }

  /// Returns an LSN of the offset; zero when it is absent.
  private static long lsn(Map<String, ?> offset, String name) {
    return offset.get(name) instanceof Long lsn ? lsn : 0;
  }

  private Change change(Struct value, Map<String, ?> position) {
    var row = value.getStruct("after");
    var rowId = UUID.fromString(row.getString("id"));
    return new Change(
        number(position, "txId"),
        precedingCommit == 0
            ? Optional.empty()
            : Optional.of(LogSequenceNumber.valueOf(precedingCommit)),
        rowId,
        new OutboxRow(
                rowId,
                row.getString("aggregatetype"),
                row.getString("aggregateid"),
                row.getInt64("version"),
                row.getString("type"),
                row.getString("payload"),
                Optional.ofNullable(row.getString("traceparent")),
                committedAt(position))
            .content());
  }

  private static Instant committedAt(Map<String, ?> position) {
    return Instant.EPOCH.plus(number(position, "ts_usec"), ChronoUnit.MICROS);
  }

  private static long number(Map<String, ?> position, String name) {
    if (position.get(name) instanceof Long number) {
      return number;
    }
    throw new StreamFailed("Debezium gave a row no %s: %s".formatted(name, position), null);
  }

  private Properties properties() {
    var database = configuration.database();
    var properties = new Properties();
    properties.setProperty("name", NAME);
    properties.setProperty("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
    properties.setProperty("topic.prefix", NAME);
    properties.setProperty("offset.storage", MemoryOffsetBackingStore.class.getName());
    // A failed engine is not restarted from inside, which would hide what happened: the relay
    // starts the whole session again. Retries could also lose a batch (H26).
    properties.setProperty("errors.max.retries", "0");
    // After a failure nobody takes rows any more. Debezium's reader of the log then waits in front
    // of a full queue, and is interrupted when this time is over: 4 s by default, which the next
    // session would begin later.
    properties.setProperty(
        "executor.shutdown.timeout.ms", Long.toString(READER_SHUTDOWN.toMillis()));

    properties.setProperty("database.hostname", database.host());
    properties.setProperty("database.port", Integer.toString(database.port()));
    properties.setProperty("database.dbname", database.database());
    properties.setProperty("database.user", database.user());
    database.password().ifPresent(p -> properties.setProperty("database.password", p));
    database
        .parameters()
        .forEach((name, value) -> properties.setProperty("database." + name, value));

    properties.setProperty("plugin.name", "pgoutput");
    properties.setProperty("slot.name", configuration.slot());
    properties.setProperty("slot.max.retries", "10");
    properties.setProperty("slot.retry.delay.ms", "300");
    properties.setProperty("publication.name", Configuration.PUBLICATION);
    properties.setProperty("publication.autocreate.mode", "disabled");
    properties.setProperty("publish.via.partition.root", "true");
    properties.setProperty("table.include.list", OUTBOX);
    // A publication that was created by hand may have more than inserts.
    properties.setProperty("skipped.operations", "u,d,t");
    properties.setProperty("message.prefix.include.list", HEARTBEAT_PREFIX);
    properties.setProperty("snapshot.mode", "no_data");
    properties.setProperty("lsn.flush.mode", "connector");
    properties.setProperty("tombstones.on.delete", "false");
    // Fields of a row that are not needed are not built. Debezium prints every row's key for its
    // own metrics, so the column that is printed fastest is made the key, which nobody reads.
    properties.setProperty("message.key.columns", OUTBOX + ":version");
    properties.setProperty("column.exclude.list", OUTBOX + "\\.occurred_at");
    properties.setProperty("sourceinfo.struct.maker", DebeziumBareSource.class.getName());
    properties.setProperty("extended.headers.enabled", "false");

    properties.setProperty("poll.interval.ms", Long.toString(POLL_INTERVAL.toMillis()));
    properties.setProperty("max.batch.size", Integer.toString(MAX_BATCH));
    properties.setProperty("max.queue.size", Integer.toString(MAX_QUEUE));
    properties.setProperty("queue.provider.type", DebeziumQueue.NAME);
    properties.setProperty("max.queue.size.in.bytes", Long.toString(MAX_QUEUE_BYTES));
    properties.setProperty("statistics.metrics.enabled", "false");
    return properties;
  }
}
