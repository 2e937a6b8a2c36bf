package dev.tidemark.relay.checks;

import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.status.Finding;
import dev.tidemark.relay.status.Finding.Server;
import dev.tidemark.relay.status.Finding.Severity;
import dev.tidemark.service.settings.Pooler;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Checks PostgreSQL with the relay's own role. The checks, with their remedies, are in
/// `database-check.sql`. Thread-safe.
public final class DatabaseCheck implements Check {
  private static final Logger log = LoggerFactory.getLogger(DatabaseCheck.class);
  private static final String QUERY = query();

  private final DataSource source;
  private final Jdbi database;
  private final String slot;

  public DatabaseCheck(DataSource database, String slot) {
    this.source = database;
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
          handle -> {
            var found = new ArrayList<Finding>();
            pooler(handle).ifPresent(found::add);
            found.addAll(asked(handle));
            return found;
          });
    } catch (JdbiException | SQLException e) {
      log.atDebug().setCause(e).log("PostgreSQL could not be checked");
      var cause = e.getCause() == null ? e : e.getCause();
      return List.of(
          finding(
              Severity.ERROR,
              "PostgreSQL does not answer the check (%s)".formatted(cause.getMessage()),
              Pooler.refusal(e).orElse("see that it runs and that DATABASE_URL is right")));
    }
  }

  private List<Finding> asked(Handle handle) {
    return handle
        .createQuery(QUERY)
        .bind("slot", slot)
        .bind("publication", Configuration.PUBLICATION)
        .map(
            (row, context) ->
                finding(
                    Severity.valueOf(row.getString("severity")),
                    row.getString("what"),
                    row.getString("remedy")))
        .list();
  }

  private Optional<Finding> pooler(Handle handle) throws SQLException {
    return switch (Pooler.way(handle.getConnection(), source)) {
      case DIRECT -> Optional.empty();
      case PROXY ->
          Optional.of(
              finding(
                  Severity.WARNING,
                  "a pooler or proxy stands between the relay and PostgreSQL",
                  "see that it shares no sessions, or " + Pooler.REMEDY));
      case SHARED -> Optional.of(finding(Severity.ERROR, Pooler.SHARES_SESSIONS, Pooler.REMEDY));
    };
  }

  private static Finding finding(Severity severity, String what, String remedy) {
    return new Finding(Server.POSTGRESQL, severity, what, remedy);
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
