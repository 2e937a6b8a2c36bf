package dev.tidemark.db;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/// Output of a slot for the relay: messages of the logical replication protocol, PostgreSQL manual
/// section 54.9.
final class Publication {

  private Publication() {}

  /// Returns the names of the tables into which rows were inserted, a name for each row.
  static List<String> inserts(Connection connection, String slot) throws SQLException {
    // The message is 'I', then the table's id in 4 bytes.
    return MigratedDatabase.texts(
        connection,
        """
        select ('x' || encode(substring(data from 2 for 4), 'hex'))::bit(32)::int::oid::regclass::text
          from pg_logical_slot_peek_binary_changes('%s', null, null,
                 'proto_version', '1', 'publication_names', 'tidemark_outbox')
         where get_byte(data, 0) = ascii('I')
        """
            .formatted(slot));
  }
}
