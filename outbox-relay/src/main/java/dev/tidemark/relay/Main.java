package dev.tidemark.relay;

import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.status.Finding;
import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.service.program.ServiceProgram;
import dev.tidemark.service.program.SettingsHelp;
import dev.tidemark.service.settings.InvalidSettings;
import java.time.Clock;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The program `relay`.
@Command(
    name = "relay",
    mixinStandardHelpOptions = true,
    description = "Publishes the outbox of a PostgreSQL database to Kafka, each row exactly once.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:stopped by a signal; with --check: no ERROR was found",
      "1:failed; with --check: an ERROR was found",
      "2:wrong option or setting"
    })
public final class Main implements Callable<Integer> {
  private static final int HELP_WIDTH = 110;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--check",
      description =
          "Only look at both servers, print one line for each thing that is not as it must be, and"
              + " end.")
  private boolean check;

  @Option(
      names = "--check-settings",
      description = "Only say what is wrong with the settings, and end: 0 when nothing is, else 2.")
  private boolean checkSettings;

  private final Map<String, String> environment;

  public Main(Map<String, String> environment) {
    this.environment = environment;
  }

  public static void main(String[] arguments) {
    // Header names and numbers look the same everywhere.
    Locale.setDefault(Locale.ROOT);
    System.exit(commandLine(System.getenv()).execute(arguments));
  }

  public static CommandLine commandLine(Map<String, String> environment) {
    var command = new CommandLine(new Main(environment));
    command.getCommandSpec().version("relay " + Main.class.getPackage().getImplementationVersion());
    return SettingsHelp.add(command, Configuration.SETTINGS.settings())
        .setCommandName(System.getProperty("tidemark.command", "relay"))
        .setUsageHelpWidth(HELP_WIDTH);
  }

  @Override
  public Integer call() {
    Supplier<Configuration> settings = () -> Configuration.from(environment);
    if (checkSettings) {
      return ServiceProgram.checkSettings(spec, settings);
    }
    if (check) {
      return report(settings);
    }
    return new ServiceProgram("relay").run(settings, Service::start);
  }

  private int report(Supplier<Configuration> settings) {
    Configuration configuration;
    try {
      configuration = settings.get();
    } catch (InvalidSettings e) {
      spec.commandLine().getErr().println(e.getMessage());
      return CommandLine.ExitCode.USAGE;
    }
    var findings =
        Service.checks(configuration, new RelayStatus(Clock.systemUTC())).stream()
            .flatMap(c -> c.findings().stream())
            .toList();
    var out = spec.commandLine().getOut();
    findings.forEach(f -> out.println(f.line()));
    if (findings.isEmpty()) {
      out.println("all is as the relay needs it");
    }
    return findings.stream().anyMatch(Finding::isError)
        ? CommandLine.ExitCode.SOFTWARE
        : CommandLine.ExitCode.OK;
  }
}
