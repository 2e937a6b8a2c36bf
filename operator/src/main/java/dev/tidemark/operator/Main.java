package dev.tidemark.operator;

import dev.tidemark.operator.audit.Audit;
import dev.tidemark.operator.deadletters.DeadLetterCommand;
import dev.tidemark.operator.rebuild.Rebuild;
import dev.tidemark.operator.replay.Replay;
import dev.tidemark.operator.run.CommandErrors;
import dev.tidemark.operator.status.Status;
import dev.tidemark.relay.resync.Resync;
import dev.tidemark.service.program.SettingsHelp;
import dev.tidemark.service.settings.Setting;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// The operators' commands as a program.
@Command(
    name = "operator",
    mixinStandardHelpOptions = true,
    description = "The operators' commands. COMMAND --help tells more of each.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = "2:no command, or a wrong option or setting; the others are the command's own")
public final class Main {

  private static final int HELP_WIDTH = 110;

  private Main() {}

  public static void main(String[] arguments) {
    // Header names and numbers look the same everywhere.
    Locale.setDefault(Locale.ROOT);
    // The result alone goes to standard output.
    System.setProperty("logback.configurationFile", "commands-logback.xml");
    System.exit(commandLine(System.getenv()).execute(arguments));
  }

  /// All commands.
  ///
  /// @param environment holds the settings
  public static CommandLine commandLine(Map<String, String> environment) {
    Clock clock = Clock.systemUTC();
    CommandLine all =
        new CommandLine(new Main())
            .addSubcommand(withSettings(new Status(environment, clock), Status.SETTINGS))
            .addSubcommand(withSettings(new Audit(environment, clock), Audit.SETTINGS))
            .addSubcommand(withSettings(new Replay(environment, clock), Replay.SETTINGS))
            .addSubcommand(withSettings(new Rebuild(environment, clock), Rebuild.SETTINGS))
            .addSubcommand(new Resync(environment))
            .addSubcommand(DeadLetterCommand.commandLine(environment, clock))
            .setCommandName(System.getProperty("tidemark.command", "operator"))
            .setUsageHelpWidth(HELP_WIDTH);
    return CommandErrors.tellsErrors(all);
  }

  private static CommandLine withSettings(Object command, List<Setting<?>> settings) {
    return SettingsHelp.add(new CommandLine(command), settings);
  }
}
