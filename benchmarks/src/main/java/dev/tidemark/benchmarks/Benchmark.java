package dev.tidemark.benchmarks;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// One benchmark as a command. A subclass makes the measurements, and this class prints them.
abstract class Benchmark implements Callable<Integer> {

  @Option(names = "--json", description = "Print the JSON line only, without the table.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  /// Measures, and starts the servers that it needs on the bench.
  abstract Report run(Workbench bench) throws Exception;

  @Override
  public final Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    try (Workbench bench = Workbench.open(err)) {
      Report report = run(bench);
      if (!json) {
        out.println(report.table());
      }
      out.println(report.json());
      out.flush();
    }
    return CommandLine.ExitCode.OK;
  }
}
