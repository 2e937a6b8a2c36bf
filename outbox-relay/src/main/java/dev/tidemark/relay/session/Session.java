package dev.tidemark.relay.session;

import dev.tidemark.relay.sink.ConfirmedLimit;
import dev.tidemark.relay.sink.EventSink;
import dev.tidemark.relay.sink.PostgresOutbox;
import dev.tidemark.relay.sink.PublishedEvents;
import dev.tidemark.relay.sink.PublishedRows;
import dev.tidemark.relay.sink.PublishedRows.Progress;
import dev.tidemark.relay.sink.TakenOver;
import dev.tidemark.relay.sink.VersionGaps;
import dev.tidemark.relay.sink.VersionMemory;
import dev.tidemark.relay.source.Change;
import dev.tidemark.relay.source.Change.Event;
import dev.tidemark.relay.source.Change.Poison;
import dev.tidemark.relay.source.ChangeSource;
import dev.tidemark.relay.source.StreamFailed;
import dev.tidemark.relay.status.RelayMetrics;
import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.relay.status.RelayStatus.Repairing;
import dev.tidemark.relay.status.SlotState;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.postgresql.replication.LogSequenceNumber;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One period of work of the active relay. It begins after what was published before, publishes
/// what the source brings, and only then lets it be confirmed.
///
/// It does not trust the source. Rows that are already published are skipped by the relay's own
/// memory. Lost rows show as a slot at a position where no relay has put it, or as a missing
/// version, and are fetched from the table.
///
/// Confined to one thread.
final class Session {
  private static final Logger log = LoggerFactory.getLogger(Session.class);

  /// Number of records that are read back, for each partition. A take-over waits for them.
  static final int REMEMBERED_RECORDS = 1_000;

  private final EventSink sink;
  private final Supplier<SlotState> slot;
  private final PostgresOutbox outbox;
  private final PublishedEvents history;
  private final RelayStatus status;
  private final RelayMetrics metrics;

  private final LongTransactions longTransactions = new LongTransactions();
  private PublishedRows published;
  private Optional<ConfirmedLimit> reach;
  private int timeline;
  private boolean slotIsSure;
  private boolean hasToldOfMessages;
  private VersionGaps gaps;

  private Session(
      EventSink sink,
      TakenOver memory,
      Supplier<SlotState> slot,
      PostgresOutbox outbox,
      PublishedEvents history,
      RelayStatus status,
      RelayMetrics metrics) {
    this.sink = sink;
    this.slot = slot;
    this.outbox = outbox;
    this.history = history;
    this.status = status;
    this.metrics = metrics;
    this.published = memory.published();
    this.reach = memory.reach();
    this.gaps = new VersionGaps(new VersionMemory(), outbox, history, metrics);
  }

  /// Takes over from the relay that published before, and returns the session that goes on.
  ///
  /// @param slot asks PostgreSQL for the current state of the slot
  static Session takeOver(
      EventSink sink,
      Supplier<SlotState> slot,
      PostgresOutbox outbox,
      PublishedEvents history,
      RelayStatus status,
      RelayMetrics metrics) {
    return new Session(sink, sink.takeOver(), slot, outbox, history, status, metrics);
  }

  /// Returns the reason why the slot may not bring everything that the topics lack; empty where it
  /// does.
  ///
  /// @throws StreamFailed when there is no slot and no sign that there ever was one
  Optional<String> doubt() {
    var state = slot.get();
    if (state.status() == SlotState.Status.ABSENT && reach.isEmpty()) {
      throw new StreamFailed(
          "there is no replication slot %s, and no relay has had it: run `tidemark migrate`, which makes it"
              .formatted(state.name()),
          null);
    }
    if (!state.isUsable()) {
      return Optional.of("the slot is " + state.status().text());
    }
    if (reach.isPresent()) {
      return reach.get().covers(state)
          ? Optional.empty()
          : Optional.of("the slot stands where no relay has put it");
    }
    // Rows that were written before the slot was created do not come through it (H58).
    return outbox.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "no relay has left its progress for this server and slot, and the outbox has rows");
  }

  /// @param doubt why
  void repair(String doubt, Repair repair) {
    var before = slot.get();
    log.atWarn()
        .addKeyValue("slot", before.status().text())
        .addKeyValue("confirmed", before.confirmed().asString())
        .addKeyValue("reach", reach.map(r -> r.lsn().asString()).orElse("unknown"))
        .addKeyValue("reason", doubt)
        .log("the slot may have missed changes; repairing from the outbox");
    var repaired = repair.run(before, sink, metrics, doing -> status.phase(new Repairing(doing)));
    reach = Optional.of(repaired.reach());
    published = new PublishedRows();
    metrics.repaired();
    status.repaired(doubt, repaired.events());
  }

  /// Begins the session. To be called before the first batch.
  void begin() {
    var state = slot.get();
    timeline = state.timeline();
    if (reach.isEmpty()) {
      keep(Optional.empty(), new ConfirmedLimit(timeline, state.confirmed()));
    }
    status.doing("reading the newest versions in the topics");
    var newest = history.newestVersions(REMEMBERED_RECORDS);
    gaps = new VersionGaps(newest, outbox, history, metrics);
  }

  /// Publishes the batch, and returns when that is done.
  ///
  /// @return whether the stream has come further than ever before
  boolean receive(ChangeSource.Batch batch) {
    requireTheSlotThatWasThere();
    if (status.findings().rowsPassBy()) {
      throw giveUpTheSlot("rows pass by the stream: see the errors that the check finds");
    }
    var unpublished = published.take(batch.changes());
    var whole = gaps.filled(batch.changes(), unpublished.changes());
    if (whole.isEmpty()) {
      throw giveUpTheSlot("the log has lost more rows than are fetched one by one");
    }
    boolean isFurther = publish(whole.get(), unpublished.progress(), batch.end());
    longTransactions.published(unpublished.changes());
    if (!batch.changes().isEmpty()) {
      status.lag().cameThrough(timeOf(batch.changes().getLast()));
    }
    for (var message : batch.heartbeats()) {
      if (!status.lag().cameThrough(message)) {
        passedOver(message);
      }
    }
    if (isFurther) {
      status.progressed();
    }
    return isFurther;
  }

  private boolean publish(List<Change> changes, Progress progress, LogSequenceNumber end) {
    var reached = new ConfirmedLimit(timeline, end);
    boolean isBeyond = reached.isBeyond(reach.orElse(ConfirmedLimit.NOTHING));
    if (!changes.isEmpty()) {
      int letters = sink.publish(changes, isBeyond ? progress.with(reached) : progress);
      metrics.published(changes.size(), letters);
    } else if (isBeyond) {
      // Only heartbeats have come, so everything that was published before ends before them.
      sink.publish(changes, Progress.of(Optional.of(end), reached));
    }
    if (isBeyond) {
      reach = Optional.of(reached);
    }
    return isBeyond;
  }

  private static Instant timeOf(Change change) {
    return switch (change.content()) {
      case Event(var event) -> event.time();
      case Poison poison -> poison.time();
    };
  }

  /// Logs a message that is passed over. Any user who may connect may write messages into the log
  /// under any prefix. A message of an earlier relay is passed over, too.
  private void passedOver(ByteBuffer message) {
    if (!hasToldOfMessages) {
      hasToldOfMessages = true;
      log.atInfo()
          .addKeyValue("prefix", ChangeSource.HEARTBEAT_PREFIX)
          .addKeyValue("bytes", message.remaining())
          .log("ignoring heartbeat messages of another origin");
    }
  }

  /// Makes the next session repair, also when it belongs to another process.
  StreamFailed giveUpTheSlot(String reason) {
    if (!reach.equals(Optional.of(ConfirmedLimit.NOTHING))) {
      keep(Optional.empty(), ConfirmedLimit.NOTHING);
    }
    return new StreamFailed(reason + "; the next session repairs from the outbox", null);
  }

  private void keep(Optional<LogSequenceNumber> precedingCommit, ConfirmedLimit next) {
    sink.publish(List.of(), Progress.of(precedingCommit, next));
    reach = Optional.of(next);
  }

  /// Requires that the slot is still the same. A source may have created the slot again when it was
  /// gone just then, and such a slot would begin too late.
  private void requireTheSlotThatWasThere() {
    if (!slotIsSure) {
      if (doubt().isPresent()) {
        throw new StreamFailed("the slot is not the one that was there; it is repaired", null);
      }
      slotIsSure = true;
    }
  }
}
