package dev.tidemark.relay.source;

import java.nio.ByteBuffer;
import java.util.List;
import org.postgresql.replication.LogSequenceNumber;

/// Source of changes: the outbox's rows in commit order, from the slot's confirmed position on.
///
/// After a start it returns every transaction that the slot has not released, whole, including
/// transactions that were returned before. The receiver has to know what was published already.
public interface ChangeSource extends AutoCloseable {

  /// Prefix of the messages in the log that are heartbeats of a relay.
  String HEARTBEAT_PREFIX = "tidemark-relay-heartbeat";

  /// Streams until it is closed (then it returns) or fails (then it throws). Calls the receiver
  /// from one thread, one batch after the other. Once the receiver has returned, the batch may be
  /// confirmed, and the log may drop it.
  void run(Receiver receiver);

  /// Ends [#run] after the current batch. Thread-safe; may be called more than once.
  @Override
  void close();

  /// A range of the log.
  ///
  /// @param changes the outbox rows in it, none when only heartbeats came
  /// @param heartbeats messages in it under the heartbeat's prefix, from any writer
  /// @param end when the batch is confirmed, then up to here and not beyond
  record Batch(List<Change> changes, List<ByteBuffer> heartbeats, LogSequenceNumber end) {}

  @FunctionalInterface
  interface Receiver {
    /// Takes note that a change has come after none, some milliseconds before its batch. May be
    /// called from another thread than [#receive], and returns at once.
    default void announce() {}

    /// Returns once the batch is safe elsewhere. Throws to end the stream without confirming the
    /// batch.
    void receive(Batch batch);
  }
}
