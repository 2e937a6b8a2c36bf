package dev.tidemark.relay;

import java.time.Clock;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;

/// The parts of a session as they are in earnest: PostgreSQL by Debezium on one end, Kafka on the
/// other.
record SessionParts(Configuration configuration, DataSource database, Clock clock)
    implements Relay.Parts {
  /// Of each partition. A take-over waits for them to be read.
  private static final int REMEMBERED_RECORDS = 1_000;

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
  public EventSink sink(SlotState slot) {
    return sink(configuration, slot);
  }

  /// Opens a sink, which fences nobody as long as it does not take over, and reads what the relay
  /// that is active has left to know.
  @Override
  public void rehearse() {
    var slot = slot();
    try (var _ = sink(slot)) {
      new KafkaPositions(configuration, slot).read();
    }
    newestVersions();
  }

  @Override
  public Repair repair() {
    return new Repair(
        new PostgresSlot(configuration.database(), configuration.slot()),
        configuration.dataSourceForScans(),
        new KafkaHistory(configuration),
        clock);
  }

  @Override
  public VersionMemory newestVersions() {
    return new KafkaHistory(configuration).newestVersions(REMEMBERED_RECORDS);
  }

  @Override
  public PostgresOutbox outbox() {
    return new PostgresOutbox(configuration.dataSourceForScans());
  }

  static EventSink sink(Configuration configuration, SlotState slot) {
    return new KafkaEventSink(
        configuration,
        slot.owner(),
        new KafkaTopics(configuration),
        new KafkaPositions(configuration, slot));
  }

  @Override
  public ChangeSource source() {
    return new DebeziumChangeSource(configuration);
  }
}
