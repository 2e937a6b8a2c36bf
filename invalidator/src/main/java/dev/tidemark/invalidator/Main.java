package dev.tidemark.invalidator;

import dev.tidemark.invalidator.settings.Configuration;
import dev.tidemark.service.program.ServiceCommand;
import java.util.Map;
import picocli.CommandLine.Command;

/// The program `invalidator`.
@Command(
    name = "invalidator",
    description =
        "Reads the topics and evicts cache entries that an event has made stale. Runs until it is"
            + " stopped.")
public final class Main extends ServiceCommand<Configuration> {

  private Main(Map<String, String> environment) {
    super(
        "invalidator",
        Configuration.SETTINGS,
        () -> Configuration.from(environment),
        Service::start);
  }

  public static void main(String[] arguments) {
    System.exit(new Main(System.getenv()).execute(arguments));
  }
}
