package dev.tidemark.invalidator;

import dev.tidemark.invalidator.settings.Configuration;
import dev.tidemark.operator.audit.Audit;
import dev.tidemark.operator.deadletters.DeadLetterCommand;
import dev.tidemark.operator.rebuild.Rebuild;
import dev.tidemark.operator.replay.Replay;
import dev.tidemark.operator.run.CommandErrors;
import dev.tidemark.operator.status.Status;
import dev.tidemark.service.program.SettingsHelp;
import java.time.Clock;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The invalidator as a program: without a command it runs the live path.
@Command(
    name = "invalidator",
    mixinStandardHelpOptions = true,
    description = "Keeps a Redis cache true to the events of Kafka. Without a command: invalidate.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:stopped by a signal", "1:failed", "2:wrong option or setting"})
public final class Main implements Callable<Integer> {

  private static final int HELP_WIDTH = 110;

  @Option(
      names = "--check-settings",
      description = "Only say what is wrong with the settings, and end: 0 when nothing is, else 2.")
  private boolean checkSettings;

  private final Invalidate invalidate;

  private Main(Invalidate invalidate) {
    this.invalidate = invalidate;
  }

  public static void main(String[] arguments) {
    // Header names and numbers look the same everywhere.
    Locale.setDefault(Locale.ROOT);
    if (arguments.length > 0
        && !arguments[0].startsWith("-")
        && !arguments[0].equals("invalidate")) {
      // Of a command that ends by itself the result alone goes to standard output.
      System.setProperty("logback.configurationFile", "commands-logback.xml");
    }
    System.exit(commandLine(System.getenv()).execute(arguments));
  }

  /// All commands.
  ///
  /// @param environment holds the settings
  public static CommandLine commandLine(Map<String, String> environment) {
    Invalidate invalidate = new Invalidate(environment);
    Clock clock = Clock.systemUTC();
    CommandLine all =
        SettingsHelp.add(new CommandLine(new Main(invalidate)), Configuration.SETTINGS.settings())
            .addSubcommand(invalidate)
            .addSubcommand(new Replay(environment, clock))
            .addSubcommand(new Rebuild(environment, clock))
            .addSubcommand(new Audit(environment, clock))
            .addSubcommand(DeadLetterCommand.commandLine(environment, clock))
            .addSubcommand(
                SettingsHelp.add(new CommandLine(new Status(environment, clock)), Status.SETTINGS))
            .setCommandName(System.getProperty("tidemark.command", "invalidator"))
            .setUsageHelpWidth(HELP_WIDTH);
    return CommandErrors.tellsErrors(all);
  }

  @Override
  public Integer call() {
    return checkSettings ? invalidate.checkSettings() : invalidate.call();
  }
}
