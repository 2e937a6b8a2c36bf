package dev.tidemark.invalidator;

import dev.tidemark.invalidator.settings.Configuration;
import dev.tidemark.service.program.SettingsHelp;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The program `invalidator`, which runs the live path with or without a command.
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
    System.exit(commandLine(System.getenv()).execute(arguments));
  }

  /// The command line of the program.
  ///
  /// @param environment holds the settings
  static CommandLine commandLine(Map<String, String> environment) {
    Invalidate invalidate = new Invalidate(environment);
    return withSettings(new Main(invalidate))
        .addSubcommand(withSettings(invalidate))
        .setCommandName(System.getProperty("tidemark.command", "invalidator"))
        .setUsageHelpWidth(HELP_WIDTH);
  }

  private static CommandLine withSettings(Object command) {
    return SettingsHelp.add(new CommandLine(command), Configuration.SETTINGS.settings());
  }

  @Override
  public Integer call() {
    return checkSettings ? invalidate.checkSettings() : invalidate.call();
  }
}
