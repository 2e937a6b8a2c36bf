package dev.tidemark.invalidator;

import dev.tidemark.invalidator.settings.Configuration;
import dev.tidemark.service.program.ServiceCommand;
import java.util.Map;
import picocli.CommandLine.Command;

/// The program `invalidator`.
@Command(
    name = "invalidator",
    description =
        "Keeps a Redis cache true to the events of Kafka: follows the topics and evicts what they"
            + " tell to be old, until it is stopped.")
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
