package dev.tidemark.api;

import dev.tidemark.service.program.ServiceProgram;
import dev.tidemark.service.program.SettingsHelp;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The program `product-api`.
@Command(
    name = "product-api",
    mixinStandardHelpOptions = true,
    usageHelpWidth = 110,
    description =
        "Serves products over HTTP: writes with their outbox rows, reads through the cache.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:stopped by a signal", "1:failed", "2:wrong option or setting"})
public final class Main implements Callable<Integer> {

  @Option(
      names = "--check-settings",
      description = "Only say what is wrong with the settings, and end: 0 when nothing is, else 2.")
  private boolean checkSettings;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Map<String, String> environment;

  private Main(Map<String, String> environment) {
    this.environment = environment;
  }

  public static void main(String[] arguments) {
    // Header names and numbers look the same everywhere.
    Locale.setDefault(Locale.ROOT);
    CommandLine command =
        SettingsHelp.add(
            new CommandLine(new Main(System.getenv())), Configuration.SETTINGS.settings());
    System.exit(command.execute(arguments));
  }

  @Override
  public Integer call() {
    Supplier<Configuration> settings = () -> Configuration.from(environment);
    return checkSettings
        ? ServiceProgram.checkSettings(spec, settings)
        : new ServiceProgram("product-api").run(settings, Service::start);
  }
}
