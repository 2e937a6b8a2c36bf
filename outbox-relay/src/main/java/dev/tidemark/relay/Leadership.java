package dev.tidemark.relay;

import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which of several relays is the active one: the one whose database session holds an advisory lock
/// named after the slot.
///
/// The lock keeps a relay that waits from disturbing the active one. It is not what keeps two from
/// publishing: the slot admits one reader, and Kafka fences the producer of whoever was active
/// before.
///
/// Confined to one thread.
final class Leadership implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Leadership.class);
  private static final int VALID_TIMEOUT_SECONDS = 5;

  private final DataSource database;
  private final String slot;
  private @Nullable Connection session;

  Leadership(DataSource database, String slot) {
    this.database = database;
    this.slot = slot;
  }

  /// Whether this relay is the active one now. It stays so until [#close], or until its database
  /// session ends.
  boolean isTaken() {
    try {
      if (session == null || !session.isValid(VALID_TIMEOUT_SECONDS)) {
        close();
        session = database.getConnection();
      }
      try (var statement =
          session.prepareStatement("select pg_try_advisory_lock(hashtextextended(?, 0))")) {
        statement.setString(1, "tidemark relay on slot " + slot);
        try (var answer = statement.executeQuery()) {
          return answer.next() && answer.getBoolean(1);
        }
      }
    } catch (SQLException e) {
      throw new StreamFailed("PostgreSQL did not answer who the active relay is", e);
    }
  }

  @Override
  public void close() {
    if (session != null) {
      try {
        session.close();
      } catch (SQLException e) {
        log.atDebug().setCause(e).log("database session of the leadership did not close cleanly");
      }
      session = null;
    }
  }
}
