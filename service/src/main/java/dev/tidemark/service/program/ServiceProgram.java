package dev.tidemark.service.program;

import dev.tidemark.service.settings.InvalidSettings;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/// Frame of a program that serves until a signal: settings, start, drain and exit code.
///
/// @param name as the log calls it
public record ServiceProgram(String name) {

  /// Checks the settings only.
  ///
  /// @return the exit code
  public static int checkSettings(CommandSpec spec, Supplier<?> settings) {
    try {
      var _ = settings.get();
      return CommandLine.ExitCode.OK;
    } catch (InvalidSettings e) {
      spec.commandLine().getErr().println(e.getMessage());
      return CommandLine.ExitCode.USAGE;
    }
  }

  /// Serves until a signal.
  ///
  /// @return the exit code
  public <C> int run(Supplier<C> settings, Function<C, ? extends RunningService> start) {
    Logger log = LoggerFactory.getLogger(ServiceProgram.class);
    RunningService service;
    try {
      service = start.apply(settings.get());
    } catch (InvalidSettings e) {
      log.error(e.getMessage());
      return CommandLine.ExitCode.USAGE;
    } catch (RuntimeException e) {
      log.error("{} cannot start: {}", name, e.getMessage());
      return CommandLine.ExitCode.SOFTWARE;
    }
    AtomicInteger exitCode = new AtomicInteger(CommandLine.ExitCode.OK);
    Thread drain =
        new Thread(
            () -> {
              service.close();
              log.info("{} stopped", name);
              // After a signal the JVM would end with the signal's number, although there was no
              // fault.
              Runtime.getRuntime().halt(exitCode.get());
            },
            "drain");
    Runtime.getRuntime().addShutdownHook(drain);
    try {
      service.run();
    } catch (RuntimeException | Error e) {
      log.atError().setCause(e).log("{} failed and exits; a supervisor must restart it", name);
      exitCode.set(CommandLine.ExitCode.SOFTWARE);
    }
    return exitCode.get();
  }
}
