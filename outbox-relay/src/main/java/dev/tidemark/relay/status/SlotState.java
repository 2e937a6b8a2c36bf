package dev.tidemark.relay.status;

import java.util.Locale;
import org.jdbi.v3.core.Handle;
import org.postgresql.replication.LogSequenceNumber;

/// State of a replication slot in PostgreSQL, and of its server. Immutable.
///
/// @param systemIdentifier of the server, the same for all databases and standbys of it
/// @param timeline of the server; a promotion changes it
/// @param status how well the slot is
/// @param isSynced whether it is a failover slot that was copied here from the primary of before
/// @param restart transactions that were committed before this position will not be returned again,
///   not even after a crash of the server
/// @param confirmed transactions are returned from this position on. It may step back when the
///   server crashes, as far as `restart`, because it is saved only with the next checkpoint
/// @param retainedBytes log that the server keeps because of this slot
/// @param lagBytes log between the confirmed position and the newest
public record SlotState(
    String name,
    String systemIdentifier,
    int timeline,
    Status status,
    boolean isSynced,
    LogSequenceNumber restart,
    LogSequenceNumber confirmed,
    long retainedBytes,
    long lagBytes) {

  public enum Status {
    /// There is no such slot in this database.
    ABSENT,
    /// PostgreSQL's own values of `wal_status`, from here on.
    RESERVED,
    EXTENDED,
    UNRESERVED,
    LOST;

    /// Returns the status as in `pg_replication_slots`.
    public String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final String QUERY =
      """
      select system.system_identifier::text                                                   as system_identifier,
             ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer   as timeline,
             case when slot.slot_name is null then 'absent'
                  when slot.wal_status is null then 'lost'
                  else slot.wal_status end                                                    as status,
             -- By way of JSON, because servers before 17 have no such column.
             coalesce((to_jsonb(slot) ->> 'synced')::boolean, false)                          as synced,
             coalesce(slot.restart_lsn, 'FFFFFFFF/FFFFFFFF')::text                            as restart,
             coalesce(slot.confirmed_flush_lsn, '0/0')::text                                  as confirmed,
             coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), slot.restart_lsn), 0)             as retained_bytes,
             coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), slot.confirmed_flush_lsn), 0)     as lag_bytes
        from pg_control_system() as system
             left join pg_replication_slots as slot
                    on slot.slot_name = :slot
                   and slot.database = current_database()
      """;

  /// Returns a name for the relay of the slot that is unique among all relays that share a Kafka
  /// cluster.
  public String owner() {
    return systemIdentifier + "/" + name;
  }

  /// Returns whether the log can be read through it.
  public boolean isUsable() {
    return status != Status.ABSENT && status != Status.LOST;
  }

  public static SlotState read(Handle database, String slot) {
    return database
        .createQuery(QUERY)
        .bind("slot", slot)
        .map(
            (row, context) ->
                new SlotState(
                    slot,
                    row.getString("system_identifier"),
                    row.getInt("timeline"),
                    Status.valueOf(row.getString("status").toUpperCase(Locale.ROOT)),
                    row.getBoolean("synced"),
                    LogSequenceNumber.valueOf(row.getString("restart")),
                    LogSequenceNumber.valueOf(row.getString("confirmed")),
                    row.getLong("retained_bytes"),
                    Math.max(0, row.getLong("lag_bytes"))))
        .one();
  }
}
