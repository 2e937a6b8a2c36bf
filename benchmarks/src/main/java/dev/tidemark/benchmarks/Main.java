package dev.tidemark.benchmarks;

import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// The program that `benchmarks/run` starts. Without the name of a benchmark it lists them.
@Command(
    name = "benchmarks/run",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    description = {
      "Measures Tidemark beside the plain way of doing the same, in turn, several times in one"
          + " run.",
      "Progress goes to standard error; the last line of standard output is JSON. Ratios count:"
          + " absolute figures depend on the machine."
    },
    commandListHeading = "%nBenchmarks:%n",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:measured", "1:failed", "2:wrong usage"})
final class Main implements Runnable {

  @Spec private CommandSpec spec = CommandSpec.create();

  private Main() {}

  public static void main(String[] arguments) {
    // Programs that are started from here have a `logback.xml` of their own on the same class path.
    System.setProperty("logback.configurationFile", "benchmarks-logback.xml");
    // Header names and numbers look the same everywhere.
    Locale.setDefault(Locale.ROOT);
    System.exit(commandLine().execute(arguments));
  }

  static CommandLine commandLine() {
    CommandLine command = new CommandLine(new Main());
    List.of(
            new ReadBenchmark(),
            new WriteBenchmark(),
            new ImportBenchmark(),
            new StampedeBenchmark(),
            new MemoryBenchmark(),
            new CodecBenchmark(),
            new RelayBenchmark(),
            new InvalidateBenchmark(),
            new RebuildBenchmark(),
            new StampedeReaders())
        .forEach(command::addSubcommand);
    return command;
  }

  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }
}
