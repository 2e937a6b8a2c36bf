package dev.tidemark.relay.session;

import dev.tidemark.relay.sink.ConfirmedLimit;
import dev.tidemark.relay.sink.EventSink;
import dev.tidemark.relay.sink.KafkaTopics;
import dev.tidemark.relay.sink.PublishedEvents;
import dev.tidemark.relay.sink.PublishedRows.Progress;
import dev.tidemark.relay.source.Change;
import dev.tidemark.relay.source.StreamFailed;
import dev.tidemark.relay.status.RelayMetrics;
import dev.tidemark.relay.status.SlotState;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Creates the slot again, and publishes from the table those rows that the topics lack and the new
/// slot will not return. The rows that it publishes and those that the stream then brings are
/// together every retained row, none twice.
///
/// It may die at any time: a note that a repair is in progress is stored before it begins, and the
/// next session begins it again.
///
/// Confined to one thread, but for [#close].
final class Repair implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Repair.class);

  private final PostgresSlot slot;
  private final DataSource database;
  private final PostgresVisibility visibility;
  private final PublishedEvents history;
  private final Clock clock;
  private final AtomicReference<@Nullable PostgresOutboxSnapshot> snapshot =
      new AtomicReference<>();
  private volatile boolean closed;

  Repair(
      PostgresSlot slot,
      DataSource database,
      PostgresVisibility visibility,
      PublishedEvents history,
      Clock clock) {
    this.slot = slot;
    this.database = database;
    this.visibility = visibility;
    this.history = history;
    this.clock = clock;
  }

  /// Result of a repair.
  ///
  /// @param reach where the stream goes on
  /// @param events so many were missing, and are published
  record Repaired(ConfirmedLimit reach, long events) {}

  /// Returns when the topics have everything that the new slot will not bring.
  ///
  /// @param sink that has taken over
  /// @param metrics counts the published changes
  /// @param progress receives a description of the current step
  Repaired run(SlotState before, EventSink sink, RelayMetrics metrics, Consumer<String> progress) {
    long begin = System.nanoTime();
    sink.publish(List.of(), Progress.of(Optional.empty(), ConfirmedLimit.NOTHING));
    progress.accept("makes the slot anew, waiting for the transactions that are open");
    var fresh = slot.makeAnew();
    long published;
    try (var outbox = PostgresOutboxSnapshot.of(database, fresh.snapshot())) {
      snapshot.set(outbox);
      progress.accept("waits until readers see all that the new slot will not hand out");
      visibility.await(outbox.visible());
      readTopics(outbox, progress);
      published = publishMissing(outbox, sink, metrics, progress);
    } finally {
      snapshot.set(null);
    }
    var reach = new ConfirmedLimit(before.timeline(), fresh.begin());
    sink.publish(List.of(), Progress.of(Optional.of(fresh.begin()), reach));
    log.atWarn()
        .addKeyValue("events", published)
        .addKeyValue("lsn", fresh.begin().asString())
        .addKeyValue("seconds", (System.nanoTime() - begin) / 1_000_000_000)
        .log("repair finished: slot recreated, missing events published");
    return new Repaired(reach, published);
  }

  private void readTopics(PostgresOutboxSnapshot outbox, Consumer<String> progress) {
    var oldest = outbox.oldest();
    if (oldest.isEmpty()) {
      return;
    }
    var read = new long[1];
    history.since(
        oldest.get().minus(PublishedEvents.CLOCK_DIFFERENCE),
        outbox.aggregateTypes(),
        events -> {
          requireOpen();
          outbox.published(events);
          read[0] += events.size();
          progress.accept("reads the topics: %,d events so far".formatted(read[0]));
        });
  }

  private long publishMissing(
      PostgresOutboxSnapshot outbox,
      EventSink sink,
      RelayMetrics metrics,
      Consumer<String> progress) {
    var published = new long[1];
    progress.accept("compares the outbox with the topics");
    outbox.missing(
        uncompactedSince(),
        rows -> {
          requireOpen();
          var changes = rows.stream().map(Change::ofTable).toList();
          metrics.published(changes.size(), sink.publish(changes, Progress.NONE));
          published[0] += rows.size();
          progress.accept("publishes from the outbox: %,d events so far".formatted(published[0]));
        });
    return published[0];
  }

  private Instant uncompactedSince() {
    return clock.instant().minus(KafkaTopics.COMPACTION_LAG).plus(PublishedEvents.CLOCK_DIFFERENCE);
  }

  private void requireOpen() {
    if (closed) {
      throw new StreamFailed("stopped; the next session begins the repair again", null);
    }
  }

  /// Ends [#run], which then throws. Thread-safe.
  @Override
  public void close() {
    closed = true;
    slot.close();
    var reading = snapshot.get();
    if (reading != null) {
      reading.abort();
    }
  }
}
