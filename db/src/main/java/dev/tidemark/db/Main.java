package dev.tidemark.db;

import dev.tidemark.service.program.SettingsHelp;
import dev.tidemark.service.settings.InvalidSettings;
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
        SettingsHelp.add(new CommandLine(new Main()), Configuration.SETTINGS.settings())
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
    } catch (InvalidSettings e) {
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
