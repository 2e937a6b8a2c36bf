package dev.tidemark.db;

import java.io.PrintWriter;
import java.sql.SQLException;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.flywaydb.core.api.FlywayException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The program `migrate`.
@Command(
    name = "migrate",
    mixinStandardHelpOptions = true,
    usageHelpWidth = 100,
    description = {
      "Brings the database to the state that the services need, and makes the slot that the relay"
          + " reads.",
      "Can be repeated at any time."
    },
    footerHeading = "%nEnvironment:%n",
    footer = {
      "  DATABASE_URL                 postgresql://user[:password]@host[:port]/database",
      "                               [?parameters]; the user must be allowed to",
      "                               create roles and to replicate (see --print-sql)",
      "  DATABASE_USER                instead of the user in it",
      "  DATABASE_PASSWORD            instead of the password in it",
      "  TIDEMARK_DB_API_PASSWORD     password to set for the role tidemark_api",
      "  TIDEMARK_DB_RELAY_PASSWORD   password to set for the role tidemark_relay",
      "  TIDEMARK_DB_AUDIT_PASSWORD   password to set for the role tidemark_audit",
      "  TIDEMARK_DB_SCHEMA           schema of the tables, made where it is missing (public)",
      "  TIDEMARK_DB_WAIT_SECONDS     how long to wait for the server (60)",
      "  TIDEMARK_DB_SLOT_FAILOVER    true: the slot is copied to standbys that are set up for it",
      "                               (PostgreSQL 17 or newer); false: it is not; not set: as it",
      "                               is, a new slot not",
      "Instead of a password, NAME_FILE may name a file that holds it."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:the database was not reached, or refused a step",
      "2:wrong option or setting"
    })
public final class Main implements Callable<Integer> {

  @Option(
      names = "--print-sql",
      description =
          "Print the SQL by which an administrator prepares the database for the user in"
              + " DATABASE_URL, where that user may not create roles or replicate; connect to"
              + " nothing.")
  private boolean printSql;

  @Spec private CommandSpec spec = CommandSpec.create();

  public static void main(String[] arguments) {
    // Header names and numbers look the same everywhere.
    Locale.setDefault(Locale.ROOT);
    System.setProperty("logback.configurationFile", "migrate-logback.xml");
    System.exit(
        new CommandLine(new Main())
            .setCommandName(System.getProperty("tidemark.command", "migrate"))
            .execute(arguments));
  }

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    Configuration configuration;
    try {
      configuration = Configuration.from(System.getenv());
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      return CommandLine.ExitCode.USAGE;
    }
    if (printSql) {
      out.print(Migration.preparation(configuration.database().user(), configuration.schema()));
      out.flush();
      return CommandLine.ExitCode.OK;
    }
    try {
      new Migration(
              configuration.database(),
              configuration.schema(),
              configuration.slotFailover(),
              out::println)
          .run(configuration.patience(), configuration.passwords());
      return CommandLine.ExitCode.OK;
    } catch (SQLException | FlywayException e) {
      err.println("migrate failed: " + e.getMessage());
      return CommandLine.ExitCode.SOFTWARE;
    }
  }
}
