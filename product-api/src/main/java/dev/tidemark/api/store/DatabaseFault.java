package dev.tidemark.api.store;

import java.sql.SQLException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Fault of the database, classified by what the caller can do about it.
public final class DatabaseFault extends RuntimeException {

  public enum Kind {
    /// No connection was available, so nothing was sent.
    UNREACHABLE,
    /// The database went away, or took too long, in the middle. A write may or may not have
    /// happened.
    INTERRUPTED,
    /// The database is a standby: it accepts no writes, and its data may be behind.
    STANDBY,
    /// Another transaction was in the way. The same can be tried again.
    CONFLICT,
    /// The tables do not allow the values.
    REFUSED,
    /// The fault is anything else: a defect of this service or of the database.
    DEFECT
  }

  /// SQLSTATE `read_only_sql_transaction`, with which a server in recovery answers every write.
  private static final String READ_ONLY = "25006";

  private final Kind kind;

  private DatabaseFault(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  /// Returns the fault of reading from a server in recovery, which refuses only writes.
  static DatabaseFault standby() {
    return new DatabaseFault(Kind.STANDBY, ConnectionPool.STANDBY, null);
  }

  /// Returns whether the fault is that the server is a standby. The pool reports it beneath its own
  /// fault.
  public static boolean isStandby(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql && READ_ONLY.equals(sql.getSQLState())) {
        return true;
      }
    }
    return false;
  }

  /// Returns the fault behind an exception, or the exception itself when it has nothing to do with
  /// a database.
  static RuntimeException of(RuntimeException thrown) {
    if (isStandby(thrown)) {
      return new DatabaseFault(Kind.STANDBY, ConnectionPool.STANDBY, thrown);
    }
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        boolean connecting = thrown instanceof org.jdbi.v3.core.ConnectionException;
        String message = String.valueOf(sql.getMessage()).lines().findFirst().orElse("");
        return new DatabaseFault(connecting ? Kind.UNREACHABLE : kind(sql), message, thrown);
      }
    }
    return thrown;
  }

  /// Returns the kind by SQLSTATE, PostgreSQL manual, appendix A.
  private static Kind kind(SQLException fault) {
    String state = fault.getSQLState() == null ? "" : fault.getSQLState().toUpperCase(Locale.ROOT);
    return switch (state) {
      case "40001", "40P01", "55P03" -> Kind.CONFLICT;
      // Shut down, cancelled or timed out.
      case "57P01", "57P02", "57P03", "57P05", "57014", "25P03" -> Kind.INTERRUPTED;
      default -> {
        if (state.startsWith("08") || state.startsWith("53")) {
          yield Kind.INTERRUPTED;
        }
        boolean badValue =
            state.startsWith("22") || state.startsWith("23") || state.startsWith("54");
        yield badValue ? Kind.REFUSED : Kind.DEFECT;
      }
    };
  }
}
