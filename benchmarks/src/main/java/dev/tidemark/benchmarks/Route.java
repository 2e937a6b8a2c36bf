package dev.tidemark.benchmarks;

import dev.tidemark.embedded.PostgresServer;

/// Source and destination of rows.
record Route(PostgresServer postgres, String slot, String bootstrapServers, String topic) {

  /// Returns the address of the database in libpq form, for the role that reads the log.
  String readerUrl() {
    return "postgresql://%s@127.0.0.1:%d/%s"
        .formatted(OutboxTable.READER, postgres.port(), database());
  }

  /// Returns the same address for JDBC.
  String readerJdbcUrl() {
    return "jdbc:postgresql://127.0.0.1:%d/%s?user=%s"
        .formatted(postgres.port(), database(), OutboxTable.READER);
  }

  String database() {
    return "tidemark";
  }
}
