package dev.tidemark.relay.source;

import java.nio.ByteBuffer;
import java.util.List;
import org.postgresql.replication.LogSequenceNumber;

/// Where changes come from: the outbox's rows in commit order, from the slot's confirmed position
/// on.
///
/// After a start it hands out every transaction that the slot has not let go of, whole, whether or
/// not it was handed out before: what was published already is for the receiver to know.
public interface ChangeSource extends AutoCloseable {

  /// Of the messages in the log that are heartbeats of a relay.
  String HEARTBEAT_PREFIX = "tidemark-relay-heartbeat";

  /// Streams until it is closed (then it returns) or fails (then it throws). Calls the receiver
  /// from one thread, one batch after the other. Once the receiver has returned, the batch may be
  /// confirmed: the log may forget it.
  void run(Receiver receiver);

  /// Ends [#run] after the batch at hand. Thread-safe; may be called more than once.
  @Override
  void close();

  /// A stretch of the log.
  ///
  /// @param changes the outbox rows in it, none when only heartbeats came
  /// @param heartbeats the messages in it under the heartbeat's prefix, whoever wrote them
  /// @param end when the batch is confirmed, then up to here and not beyond
  record Batch(List<Change> changes, List<ByteBuffer> heartbeats, LogSequenceNumber end) {}

  @FunctionalInterface
  interface Receiver {
    /// Returns once the batch is safe elsewhere. Throws to end the stream without the batch being
    /// confirmed.
    void receive(Batch batch);
  }
}
