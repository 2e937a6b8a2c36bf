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
        "Reads the topics and evicts cache entries that an event has made stale. Runs until it is"
            + " stopped.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:stopped by a signal", "1:failed", "2:wrong option or setting"})
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
