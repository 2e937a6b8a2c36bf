package dev.tidemark.service.program;

import dev.tidemark.service.settings.InvalidSettings;
import dev.tidemark.service.settings.ProgramSettings;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command of a program that serves until a signal: help, settings, start, drain and exit code.
///
/// @param <C> its settings
@Command(
    mixinStandardHelpOptions = true,
    usageHelpWidth = 110,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:stopped by a signal", "1:failed", "2:wrong option or setting"})
public abstract class ServiceCommand<C> implements Callable<Integer> {

  private final String name;
  private final ProgramSettings known;
  private final Supplier<C> settings;
  private final Function<C, ? extends RunningService> start;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--check-settings",
      description = "Only say what is wrong with the settings, and end: 0 when nothing is, else 2.")
  private boolean checkSettings;

  /// @param name as the log calls it
  /// @param settings throws [InvalidSettings]
  protected ServiceCommand(
      String name,
      ProgramSettings known,
      Supplier<C> settings,
      Function<C, ? extends RunningService> start) {
    this.name = name;
    this.known = known;
    this.settings = settings;
    this.start = start;
  }

  /// Returns the command line, under the name by which the program was called.
  public CommandLine commandLine() {
    return SettingsHelp.add(new CommandLine(this), known.settings())
        .setCommandName(System.getProperty("tidemark.command", name));
  }

  /// Runs the program.
  ///
  /// @return the exit code
  protected int execute(String... arguments) {
    // Header names and numbers look the same everywhere.
    Locale.setDefault(Locale.ROOT);
    return commandLine().execute(arguments);
  }

  @Override
  public Integer call() {
    return checkSettings ? with((_, _) -> CommandLine.ExitCode.OK) : serve();
  }

  /// Does something with the settings, and the place for its words; wrong settings are told
  /// instead.
  ///
  /// @return the exit code
  protected final int with(BiFunction<C, PrintWriter, Integer> action) {
    C checked;
    try {
      checked = settings.get();
    } catch (InvalidSettings e) {
      spec.commandLine().getErr().println(e.getMessage());
      return CommandLine.ExitCode.USAGE;
    }
    return action.apply(checked, spec.commandLine().getOut());
  }

  private int serve() {
    Logger log = LoggerFactory.getLogger(ServiceCommand.class);
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
