package dev.tidemark.service.status;

import java.util.List;
import java.util.Optional;

/// State of a relay. What PostgreSQL knows (slot, outbox) is from the last look at it, some seconds
/// old. Immutable.
///
/// @param phase `starting`, `standing-by`, `repairing`, `streaming` or `failed`
/// @param lagSeconds time since the oldest moment after which nothing has come through
/// @param waitingFor the transaction that readers do not see yet; missing while there is none
/// @param lastRepair by this process; missing before the first
/// @param slot missing: its state is not known
/// @param outbox missing: its state is not known
/// @param topics those that this relay fills; none until the first look
/// @param findings faults of the servers
public record RelayReport(
    String phase,
    boolean ready,
    String reason,
    double lagSeconds,
    Optional<WaitingFor> waitingFor,
    Optional<Repair> lastRepair,
    Slot slot,
    Outbox outbox,
    List<Topic> topics,
    List<Finding> findings)
    implements ServiceReport {

  public RelayReport {
    topics = List.copyOf(topics);
    findings = List.copyOf(findings);
  }

  /// A transaction that is committed, and that readers do not see yet.
  ///
  /// @param transaction its id, 64 bits
  /// @param since ISO 8601
  public record WaitingFor(long transaction, String since, String reason) {}

  /// A comparison of the outbox with the topics.
  ///
  /// @param events so many were missing in the topics, and were published
  /// @param at ISO 8601
  public record Repair(String reason, long events, String at) {}

  /// The replication slot.
  ///
  /// @param walStatus as in `pg_replication_slots`, or `absent`; missing, as all that follows,
  ///   until PostgreSQL has answered
  /// @param lagBytes log between its confirmed position and the newest
  /// @param retainedBytes log that the server keeps because of it
  public record Slot(
      String name,
      Optional<String> walStatus,
      Optional<Long> lagBytes,
      Optional<Long> retainedBytes) {

    /// Creates the state of a slot about which nothing is known.
    public Slot() {
      this("", Optional.empty(), Optional.empty(), Optional.empty());
    }
  }

  /// The outbox.
  ///
  /// @param partitions number of its daily partitions; missing, as all that follows up to
  ///   `defaultRows`, until PostgreSQL has answered
  /// @param oldestDay ISO 8601; missing where there is no partition
  /// @param newestDay as `oldestDay`
  /// @param daysAhead days after today up to `newestDay`
  /// @param defaultRows estimated number of rows in the default partition
  /// @param retentionDays missing: rows stay for ever
  /// @param lastRemoval by this process; missing before the first
  public record Outbox(
      Optional<Integer> partitions,
      Optional<String> oldestDay,
      Optional<String> newestDay,
      Optional<Long> daysAhead,
      Optional<Long> defaultRows,
      Optional<Long> retentionDays,
      Optional<Removal> lastRemoval) {

    /// Creates the state of an outbox about which nothing is known.
    public Outbox() {
      this(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());
    }
  }

  /// Rows that were removed because they were past their retention.
  ///
  /// @param at ISO 8601
  public record Removal(String what, String at) {}

  /// A topic that the relay fills.
  ///
  /// @param followed whether a group follows it: `yes`, `no` or `unknown`
  public record Topic(String topic, String followed) {}

  /// A fault of a server.
  ///
  /// @param server [#POSTGRESQL] or [#KAFKA]
  /// @param severity [#ERROR] or [#WARNING]
  public record Finding(String server, String severity, String what, String remedy) {
    public static final String POSTGRESQL = "POSTGRESQL";
    public static final String KAFKA = "KAFKA";
    public static final String ERROR = "ERROR";
    public static final String WARNING = "WARNING";
  }
}
