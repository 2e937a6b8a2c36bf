package dev.tidemark.relay;

import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.status.Finding;
import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.service.program.ServiceCommand;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The program `relay`.
@Command(
    name = "relay",
    description = "Publishes the outbox of a PostgreSQL database to Kafka, each row exactly once.",
    exitCodeList = {
      "0:stopped by a signal; with --check: no ERROR was found",
      "1:failed; with --check: an ERROR was found",
      "2:wrong option or setting"
    })
public final class Main extends ServiceCommand<Configuration> {

  @Option(
      names = "--check",
      description =
          "Only look at both servers, print one line for each thing that is not as it must be, and"
              + " end.")
  private boolean check;

  public Main(Map<String, String> environment) {
    super("relay", Configuration.SETTINGS, () -> Configuration.from(environment), Service::start);
  }

  public static void main(String[] arguments) {
    System.exit(new Main(System.getenv()).execute(arguments));
  }

  @Override
  public CommandLine commandLine() {
    var command = super.commandLine();
    command.getCommandSpec().version("relay " + Main.class.getPackage().getImplementationVersion());
    return command;
  }

  @Override
  public Integer call() {
    return check ? with(Main::report) : super.call();
  }

  private static int report(Configuration configuration, PrintWriter out) {
    var findings =
        Service.checks(configuration, new RelayStatus(Clock.systemUTC())).stream()
            .flatMap(c -> c.findings().stream())
            .toList();
    findings.forEach(f -> out.println(f.line()));
    if (findings.isEmpty()) {
      out.println("all is as the relay needs it");
    }
    return findings.stream().anyMatch(Finding::isError)
        ? CommandLine.ExitCode.SOFTWARE
        : CommandLine.ExitCode.OK;
  }
}
