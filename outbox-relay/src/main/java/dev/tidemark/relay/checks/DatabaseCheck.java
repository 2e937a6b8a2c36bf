package dev.tidemark.relay.checks;

import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.status.Finding;
import dev.tidemark.relay.status.Finding.Server;
import dev.tidemark.relay.status.Finding.Severity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at PostgreSQL with the relay's own role. What is looked at, and what to do about it, is in
/// `database-check.sql`. Thread-safe.
public final class DatabaseCheck implements Check {
  private static final Logger log = LoggerFactory.getLogger(DatabaseCheck.class);
  private static final String QUERY = query();

  private final Jdbi database;
  private final String slot;

  public DatabaseCheck(DataSource database, String slot) {
    this.database = Jdbi.create(database);
    this.slot = slot;
  }

  @Override
  public Server server() {
    return Server.POSTGRESQL;
  }

  @Override
  public List<Finding> findings() {
    try {
      return database.withHandle(
          handle ->
              handle
                  .createQuery(QUERY)
                  .bind("slot", slot)
                  .bind("publication", Configuration.PUBLICATION)
                  .map(
                      (row, context) ->
                          new Finding(
                              Server.POSTGRESQL,
                              Severity.valueOf(row.getString("severity")),
                              row.getString("what"),
                              row.getString("remedy")))
                  .list());
    } catch (JdbiException e) {
      log.atDebug().setCause(e).log("PostgreSQL could not be checked");
      var cause = e.getCause() == null ? e : e.getCause();
      return List.of(
          new Finding(
              Server.POSTGRESQL,
              Severity.ERROR,
              "PostgreSQL does not answer the check (%s)".formatted(cause.getMessage()),
              "see that it runs and that DATABASE_URL is right"));
    }
  }

  private static String query() {
    try (var text = DatabaseCheck.class.getResourceAsStream("database-check.sql")) {
      return new String(
          Objects.requireNonNull(text, "database-check.sql").readAllBytes(),
          StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read database-check.sql from the program's jar", e);
    }
  }
}
