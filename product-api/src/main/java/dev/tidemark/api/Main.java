package dev.tidemark.api;

import dev.tidemark.service.program.ServiceCommand;
import java.util.Map;
import picocli.CommandLine.Command;

/// The program `product-api`.
@Command(
    name = "product-api",
    description =
        "Serves products over HTTP: writes with their outbox rows, reads through the cache.")
public final class Main extends ServiceCommand<Configuration> {

  private Main(Map<String, String> environment) {
    super(
        "product-api",
        Configuration.SETTINGS,
        () -> Configuration.from(environment),
        Service::start);
  }

  public static void main(String[] arguments) {
    System.exit(new Main(System.getenv()).execute(arguments));
  }
}
