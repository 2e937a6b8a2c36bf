package dev.tidemark.api;

import java.sql.SQLException;
import java.util.Locale;

/// The database did not do what it was asked, sorted by what the caller can do about it.
final class DatabaseFault extends RuntimeException {

  enum Kind {
    /// No connection was to be had: nothing was sent.
    UNREACHABLE,
    /// It went away, or took too long, in the middle: a write may or may not have happened.
    INTERRUPTED,
    /// Another transaction was in the way; the same can be tried again.
    CONFLICT,
    /// The values are not what the tables allow.
    REFUSED,
    /// Anything else: a defect of this service or of the database.
    DEFECT
  }

  private final Kind kind;

  private DatabaseFault(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  Kind kind() {
    return kind;
  }

  /// The fault behind an exception, or the exception itself when no database had to do with it.
  static RuntimeException of(RuntimeException thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof SQLException sql) {
        boolean connecting = thrown instanceof org.jdbi.v3.core.ConnectionException;
        String message = String.valueOf(sql.getMessage()).lines().findFirst().orElse("");
        return new DatabaseFault(connecting ? Kind.UNREACHABLE : kind(sql), message, thrown);
      }
    }
    return thrown;
  }

  /// By SQLSTATE, PostgreSQL manual, appendix A.
  private static Kind kind(SQLException fault) {
    String state = fault.getSQLState() == null ? "" : fault.getSQLState().toUpperCase(Locale.ROOT);
    return switch (state) {
      case "40001", "40P01", "55P03" -> Kind.CONFLICT;
      // Shut down, cancelled or timed out; or a primary that became a standby.
      case "57P01", "57P02", "57P03", "57P05", "57014", "25006", "25P03" -> Kind.INTERRUPTED;
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
