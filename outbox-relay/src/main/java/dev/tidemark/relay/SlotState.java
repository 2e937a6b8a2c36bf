package dev.tidemark.relay;

import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.postgresql.replication.LogSequenceNumber;

/// The relay's replication slot, as the server tells of it at one moment.
///
/// @param systemIdentifier the database cluster's own number; the same on all servers of one
///   replication group
/// @param restart what was committed before here will not be handed out again, not even after a
///   crash of the server. (The confirmed position lies further on, but may step back then: it is
///   saved with the next checkpoint only.)
/// @param walStatus `reserved`, `extended`, `unreserved` or `lost`, as PostgreSQL means them
/// @param retainedBytes log that the server keeps because of this slot
/// @param lagBytes log between the confirmed position and the newest
record SlotState(
    String systemIdentifier,
    LogSequenceNumber restart,
    String walStatus,
    long retainedBytes,
    long lagBytes) {

  private static final String QUERY =
      """
      select system.system_identifier::text                                    as system_identifier,
             slot.restart_lsn::text                                            as restart,
             slot.wal_status                                                   as wal_status,
             pg_wal_lsn_diff(pg_current_wal_lsn(), slot.restart_lsn)           as retained_bytes,
             pg_wal_lsn_diff(pg_current_wal_lsn(), slot.confirmed_flush_lsn)   as lag_bytes
        from pg_control_system() as system,
             pg_replication_slots as slot
       where slot.slot_name = :slot
         and slot.database = current_database()
      """;

  /// Names the relay of a slot among all relays that share a Kafka cluster.
  String owner(String slot) {
    return systemIdentifier + "/" + slot;
  }

  /// Empty when there is no such slot.
  static Optional<SlotState> find(Handle database, String slot) {
    return database
        .createQuery(QUERY)
        .bind("slot", slot)
        .map(
            (row, context) ->
                new SlotState(
                    row.getString("system_identifier"),
                    LogSequenceNumber.valueOf(
                        Optional.ofNullable(row.getString("restart")).orElse("0/0")),
                    Optional.ofNullable(row.getString("wal_status")).orElse("unknown"),
                    row.getLong("retained_bytes"),
                    Math.max(0, row.getLong("lag_bytes"))))
        .findOne();
  }
}
