package dev.tidemark.relay;

import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;

/// The parts of a session as they are in earnest: PostgreSQL by Debezium on one end, Kafka on the
/// other.
record SessionParts(Configuration configuration, DataSource database) implements Relay.Parts {

  @Override
  public Leadership leadership() {
    return new Leadership(database, configuration.slot());
  }

  @Override
  public Check check() {
    return new DatabaseCheck(database, configuration.slot());
  }

  @Override
  public EventSink sink() {
    var slot =
        Jdbi.create(database)
            .withHandle(h -> SlotState.find(h, configuration.slot()))
            .orElseThrow(
                () ->
                    new StreamFailed(
                        "replication slot %s has just been dropped".formatted(configuration.slot()),
                        null));
    return sink(configuration, slot);
  }

  static EventSink sink(Configuration configuration, SlotState slot) {
    return new KafkaEventSink(
        configuration,
        slot.owner(configuration.slot()),
        new KafkaTopics(configuration),
        new KafkaPositions(configuration, slot));
  }

  @Override
  public ChangeSource source() {
    return new DebeziumChangeSource(configuration);
  }
}
