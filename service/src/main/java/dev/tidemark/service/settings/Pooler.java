package dev.tidemark.service.settings;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import javax.sql.DataSource;
import org.postgresql.PGConnection;

/// Detection of a connection pooler in front of PostgreSQL. A program that holds a lock in a
/// session must not hold it in one that others are given next, and must not leave settings there.
public final class Pooler {

  public static final String SHARES_SESSIONS =
      "DATABASE_URL leads to a connection pooler that shares sessions (PgBouncer in transaction mode, or its like)";

  public static final String REMEDY =
      "name PostgreSQL itself in DATABASE_URL: a lock is held in a session, and the log is read by a replication connection";

  /// Relation of a client's session to that of the server.
  public enum Way {
    /// The server's own.
    DIRECT,
    /// A proxy's, which gives each client one of the server's.
    PROXY,
    /// A pooler's, which gives the same to others.
    SHARED
  }

  private Pooler() {}

  /// Finds out the way to the server. The process id that a client receives when it connects is the
  /// server's, or an invention of a pooler. A proxy that gives each client a session of its own
  /// invents one, too, and does no harm. So a second connection is made, which has the same session
  /// only where sessions are shared; where a pool is busy it has another.
  ///
  /// @param session in no transaction, and with nothing set yet
  public static Way way(Connection session, DataSource database) throws SQLException {
    int process = process(session);
    if (session.unwrap(PGConnection.class).getBackendPID() == process) {
      return Way.DIRECT;
    }
    try (Connection another = database.getConnection()) {
      return process(another) == process ? Way.SHARED : Way.PROXY;
    }
  }

  /// Refuses a session that is shared.
  ///
  /// @throws SQLException that says so
  public static void refuseShared(Connection session, DataSource database) throws SQLException {
    if (way(session, database) == Way.SHARED) {
      throw new SQLException(SHARES_SESSIONS + ": " + REMEDY);
    }
  }

  private static int process(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet process = statement.executeQuery("select pg_backend_pid()")) {
      process.next();
      return process.getInt(1);
    }
  }

  /// Finds the pooler that refused a connection, by its words. PostgreSQL itself uses none of them.
  ///
  /// @return the fault and what to do
  public static Optional<String> refusal(Throwable fault) {
    for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (message.startsWith(SHARES_SESSIONS)) {
        return Optional.of(message);
      }
      Optional<String> name = name(message);
      if (name.isPresent()) {
        return name.map(
            "DATABASE_URL leads to a connection pooler (%%s): %s".formatted(REMEDY)::formatted);
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
