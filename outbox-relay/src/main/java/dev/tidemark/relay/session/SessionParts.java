package dev.tidemark.relay.session;

import dev.tidemark.relay.checks.Check;
import dev.tidemark.relay.checks.DatabaseCheck;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.sink.EventSink;
import dev.tidemark.relay.sink.KafkaEventSink;
import dev.tidemark.relay.sink.KafkaPositions;
import dev.tidemark.relay.sink.KafkaTopics;
import dev.tidemark.relay.sink.PostgresOutbox;
import dev.tidemark.relay.sink.PublishedEvents;
import dev.tidemark.relay.sink.RefusedRecords;
import dev.tidemark.relay.sink.VersionMemory;
import dev.tidemark.relay.source.ChangeSource;
import dev.tidemark.relay.source.DebeziumChangeSource;
import dev.tidemark.relay.source.StreamFailed;
import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.relay.status.SlotState;
import java.time.Clock;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/// Parts of a session for production: PostgreSQL by Debezium on one end, Kafka on the other.
///
/// @param refused what sessions have found out, for those that follow
/// @param status receives the current activity, and the topics that are filled
public record SessionParts(
    Configuration configuration,
    DataSource database,
    Clock clock,
    RefusedRecords refused,
    RelayStatus status)
    implements Relay.Parts {
  /// Number of records that are read back, for each partition. A take-over waits for them.
  private static final int REMEMBERED_RECORDS = 1_000;

  public SessionParts(
      Configuration configuration, DataSource database, Clock clock, RelayStatus status) {
    this(configuration, database, clock, new RefusedRecords(System::nanoTime), status);
  }

  @Override
  public Leadership leadership() {
    return new Leadership(database, configuration.slot());
  }

  @Override
  public Check check() {
    return new DatabaseCheck(database, configuration.slot());
  }

  @Override
  public SlotState slot() {
    try {
      return Jdbi.create(database)
          .withHandle(handle -> SlotState.read(handle, configuration.slot()));
    } catch (JdbiException e) {
      throw new StreamFailed("PostgreSQL did not answer how the slot is", e);
    }
  }

  @Override
  public PostgresVisibility visibility() {
    return new PostgresVisibility(database, status);
  }

  @Override
  public EventSink sink(SlotState slot) {
    status.doing("taking over from the relay before, and reading how far it came");
    return sink(configuration, slot, refused, status);
  }

  /// Opens a sink, which fences nobody as long as it does not take over, and reads the progress of
  /// the active relay.
  @Override
  public void rehearse() {
    var slot = slot();
    try (var _ = sink(configuration, slot, refused, status)) {
      new KafkaPositions(configuration, slot).read();
    }
    new PublishedEvents(configuration, doing -> {}).newestVersions(REMEMBERED_RECORDS);
  }

  @Override
  public Repair repair(PostgresVisibility visibility) {
    return new Repair(
        new PostgresSlot(configuration.database(), configuration.slot()),
        configuration.dataSourceForScans(),
        visibility,
        history(),
        clock);
  }

  @Override
  public VersionMemory newestVersions() {
    status.doing("reading the newest versions in the topics");
    return history().newestVersions(REMEMBERED_RECORDS);
  }

  @Override
  public PostgresOutbox outbox() {
    return new PostgresOutbox(configuration.dataSourceForScans());
  }

  @Override
  public PublishedEvents history() {
    return new PublishedEvents(configuration, status::doing);
  }

  public static EventSink sink(
      Configuration configuration, SlotState slot, RefusedRecords refused, RelayStatus status) {
    return new KafkaEventSink(
        configuration,
        slot.owner(),
        new KafkaTopics(configuration, status::fills),
        new KafkaPositions(configuration, slot, status::doing),
        refused,
        new PublishedEvents(configuration, status::doing)::letters);
  }

  @Override
  public ChangeSource source() {
    return new DebeziumChangeSource(configuration);
  }
}
