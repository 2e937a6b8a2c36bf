package dev.tidemark.benchmarks;

import dev.tidemark.embedded.PostgresServer;

/// From where to where rows are carried.
record Route(PostgresServer postgres, String slot, String bootstrapServers, String topic) {

  /// The database in libpq form, as the role that reads the log.
  String readerUrl() {
    return "postgresql://%s@127.0.0.1:%d/%s"
        .formatted(OutboxTable.READER, postgres.port(), database());
  }

  /// The same for JDBC.
  String readerJdbcUrl() {
    return "jdbc:postgresql://127.0.0.1:%d/%s?user=%s"
        .formatted(postgres.port(), database(), OutboxTable.READER);
  }

  String database() {
    return "tidemark";
  }
}
