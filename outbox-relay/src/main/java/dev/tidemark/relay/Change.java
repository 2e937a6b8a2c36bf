package dev.tidemark.relay;

import dev.tidemark.event.OutboxEvent;
import java.util.Optional;
import java.util.UUID;
import org.postgresql.replication.LogSequenceNumber;

/// One row of the outbox, as the write-ahead log carries it.
///
/// @param transactionId the database transaction that inserted the row; rows of one transaction
///   come one after the other
/// @param precedingCommit every transaction before this one in the log's order ends at or before
///   this LSN; empty until the source has seen a first end
/// @param rowId the outbox row's id
/// @param content what is to be published for the row
record Change(
    long transactionId, Optional<LogSequenceNumber> precedingCommit, UUID rowId, Content content) {

  sealed interface Content {}

  /// A row that keeps the event contract.
  record Event(OutboxEvent event) implements Content {}

  /// A row that cannot become an event; it goes to the dead letters.
  ///
  /// @param reason what is wrong with it, in words
  /// @param aggregateType names the topic that it was meant for; empty when it cannot be one
  record Poison(
      String reason,
      Optional<String> aggregateType,
      Optional<String> aggregateId,
      Optional<String> payload)
      implements Content {}
}
