package dev.tidemark.relay.settings;

import java.util.Optional;

/// Connection poolers in front of PostgreSQL, recognised by the messages in which they refuse what
/// the relay needs. PostgreSQL itself sends none of these.
public final class Pooler {
  public static final String REMEDY =
      "name PostgreSQL itself in DATABASE_URL: the relay holds a lock in a session of its own, and reads the log by a replication connection";

  private Pooler() {}

  /// Returns the fault in words if a pooler has refused the connection.
  public static Optional<String> behind(Throwable fault) {
    for (var cause = fault; cause != null; cause = cause.getCause()) {
      var name = name(String.valueOf(cause.getMessage()));
      if (name.isPresent()) {
        return name.map("DATABASE_URL leads to a connection pooler (%s)"::formatted);
      }
    }
    return Optional.empty();
  }

  private static Optional<String> name(String message) {
    if (message.contains("unsupported startup parameter")
        || message.contains("unsupported options startup parameter")) {
      return Optional.of("PgBouncer");
    }
    if (message.contains("RDS Proxy currently doesn")) {
      return Optional.of("Amazon RDS Proxy");
    }
    if (message.contains("odyssey: ")) {
      return Optional.of("Odyssey");
    }
    // The first command of the replication protocol, parsed as SQL.
    if (message.contains("syntax error at or near \"IDENTIFY_SYSTEM\"")) {
      return Optional.of("one that passes on no replication, as Supavisor and pgcat");
    }
    return Optional.empty();
  }
}
