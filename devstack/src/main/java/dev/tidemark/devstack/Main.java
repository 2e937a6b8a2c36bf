package dev.tidemark.devstack;

import dev.tidemark.devstack.demo.Demo;
import dev.tidemark.devstack.importing.Import;
import dev.tidemark.devstack.stack.StackException;
import dev.tidemark.embedded.PortInUseException;
import dev.tidemark.embedded.ServerStartException;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ScopeType;

/// The program that runs `bin/tidemark up`, `demo` and `import`.
@Command(
    name = "bin/tidemark",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    description = "Tidemark on this machine: everything embedded, nothing to install.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed, or something was lost or stale", "2:wrong usage"})
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    // Header names and numbers look the same everywhere.
    Locale.setDefault(Locale.ROOT);
    System.setProperty("logback.configurationFile", "devstack-logback.xml");
    Map<String, String> environment = System.getenv();
    CommandLine command =
        new CommandLine(new Main())
            .addSubcommand(new Up(environment))
            .addSubcommand(new Demo(environment))
            .addSubcommand(new Import(environment))
            .setExecutionExceptionHandler(
                (fault, line, parsed) -> {
                  if (fault instanceof StackException
                      || fault instanceof ServerStartException
                      || fault instanceof PortInUseException) {
                    line.getErr().println("tidemark: " + fault.getMessage());
                    return CommandLine.ExitCode.SOFTWARE;
                  }
                  throw fault;
                });
    System.exit(command.execute(arguments));
  }
}
