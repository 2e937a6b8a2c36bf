package dev.tidemark.invalidator;

import dev.tidemark.invalidator.settings.Configuration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
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

  private static final Logger log = LoggerFactory.getLogger(Invalidate.class);

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Map<String, String> environment;
  private final AtomicInteger exitCode = new AtomicInteger(CommandLine.ExitCode.OK);

  Invalidate(Map<String, String> environment) {
    this.environment = environment;
  }

  /// Says what is wrong with the settings.
  ///
  /// @return the exit code
  int checkSettings() {
    try {
      Configuration.from(environment);
      return CommandLine.ExitCode.OK;
    } catch (Configuration.Invalid e) {
      spec.commandLine().getErr().println(e.getMessage());
      return CommandLine.ExitCode.USAGE;
    }
  }

  @Override
  public Integer call() {
    Configuration configuration;
    try {
      configuration = Configuration.from(environment);
    } catch (Configuration.Invalid e) {
      log.error(e.getMessage());
      return CommandLine.ExitCode.USAGE;
    }
    Service service = new Service(configuration);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> drain(service), "drain"));
    try {
      service.run();
    } catch (RuntimeException | Error e) {
      log.atError().setCause(e).log("the invalidator dies; a supervisor must start it again");
      exitCode.set(CommandLine.ExitCode.SOFTWARE);
    }
    return exitCode.get();
  }

  /// After a signal the JVM would end with the signal's number, although all went well.
  private void drain(Service service) {
    service.close();
    log.info("invalidator stopped");
    Runtime.getRuntime().halt(exitCode.get());
  }
}
