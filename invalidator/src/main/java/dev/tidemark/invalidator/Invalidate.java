package dev.tidemark.invalidator;

import dev.tidemark.invalidator.settings.Configuration;
import dev.tidemark.service.program.ServiceProgram;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// The command that runs the live path, until a signal.
@Command(
    name = "invalidate",
    mixinStandardHelpOptions = true,
    description =
        "Follows the topics and evicts what they tell to be old. Runs until it is stopped.")
final class Invalidate implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Map<String, String> environment;

  Invalidate(Map<String, String> environment) {
    this.environment = environment;
  }

  /// Prints the faults of the settings.
  ///
  /// @return the exit code
  int checkSettings() {
    return ServiceProgram.checkSettings(spec, () -> Configuration.from(environment));
  }

  @Override
  public Integer call() {
    return new ServiceProgram("invalidator")
        .run(() -> Configuration.from(environment), Service::start);
  }
}
