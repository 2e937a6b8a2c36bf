package dev.tidemark.relay.source;

import dev.tidemark.event.OutboxEvent;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.postgresql.replication.LogSequenceNumber;

/// One row of the outbox, on its way to Kafka.
///
/// @param transactionId the database transaction that inserted the row; rows of one transaction
///   come one after the other; 0 when it is not known
/// @param precedingCommit every transaction before this one in the log's order ends at or before
///   this LSN; empty until the source has seen a first end
/// @param rowId the outbox row's id
/// @param content what is to be published for the row
public record Change(
    long transactionId, Optional<LogSequenceNumber> precedingCommit, UUID rowId, Content content) {
  public static final long NO_TRANSACTION = 0;

  /// Returns the change for a row that was read from the table, because the log does not have it.
  public static Change ofTable(OutboxRow row) {
    return new Change(NO_TRANSACTION, Optional.empty(), row.id(), row.content());
  }

  /// Returns a name of the row for people.
  public String name() {
    return switch (content) {
      case Event(var event) ->
          "row %s (%s/%s, version %d)"
              .formatted(rowId, event.aggregateType(), event.aggregateId(), event.version());
      case Poison _ -> "row %s, a dead letter".formatted(rowId);
    };
  }

  /// Returns the id of the changed aggregate, as far as it is known.
  public String key() {
    return switch (content) {
      case Event(var event) -> event.aggregateId();
      case Poison poison -> poison.aggregateId().orElse("unknown");
    };
  }

  public sealed interface Content {}

  /// A row that keeps the event contract.
  public record Event(OutboxEvent event) implements Content {}

  /// A row that cannot become an event. It goes to the dead letters.
  ///
  /// @param reason what is wrong with it, in words
  /// @param aggregateType names the topic that it was meant for; empty when it cannot be one
  /// @param version as the row has it, also where that is what is wrong
  /// @param time when the row was committed or written
  public record Poison(
      String reason,
      Optional<String> aggregateType,
      Optional<String> aggregateId,
      OptionalLong version,
      Optional<String> payload,
      Instant time)
      implements Content {}
}
