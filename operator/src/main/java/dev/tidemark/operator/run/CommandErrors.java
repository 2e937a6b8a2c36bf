package dev.tidemark.operator.run;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemark.service.settings.InvalidSettings;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/// Reports errors of commands: in words on standard error, and with `--json` also as one line on
/// standard output, `{"error": …, "exitCode": …}`.
public final class CommandErrors {

  private static final String JSON = "--json";

  private CommandErrors() {}

  /// Makes all commands report their errors in this form.
  public static CommandLine tellsErrors(CommandLine all) {
    return all.setParameterExceptionHandler(CommandErrors::wrongUsage)
        .setExecutionExceptionHandler(CommandErrors::unexpected);
  }

  private static int wrongUsage(ParameterException wrong, String... arguments) {
    CommandSpec spec = wrong.getCommandLine().getCommandSpec();
    boolean asJson = Arrays.asList(arguments).contains(JSON);
    tell(spec, asJson, String.valueOf(wrong.getMessage()), ExitCode.USAGE);
    if (!UnmatchedArgumentException.printSuggestions(wrong, spec.commandLine().getErr())) {
      spec.commandLine().getErr().println("%s --help tells all options".formatted(name(spec)));
    }
    return ExitCode.USAGE;
  }

  private static int unexpected(Exception fault, CommandLine command, ParseResult parsed) {
    CommandSpec spec = command.getCommandSpec();
    if (fault instanceof InvalidSettings) {
      ParameterException wrong =
          new ParameterException(command, String.valueOf(fault.getMessage()), fault);
      return wrongUsage(wrong, parsed.originalArgs().toArray(String[]::new));
    }
    tell(
        spec,
        parsed.originalArgs().contains(JSON),
        "%s failed, by a fault of its own: %s".formatted(name(spec), fault),
        ExitCode.SOFTWARE);
    fault.printStackTrace(command.getErr());
    return ExitCode.SOFTWARE;
  }

  public static void tell(CommandSpec spec, boolean asJson, String message, int exitCode) {
    spec.commandLine().getErr().println(message);
    if (asJson) {
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      spec.commandLine().getOut().println(json.put("error", message).put("exitCode", exitCode));
    }
  }

  /// Returns the name as an operator writes it: `replay`, `dead-letters send`.
  public static String name(CommandSpec spec) {
    CommandSpec parent = spec.parent();
    return parent == null || parent.parent() == null
        ? spec.name()
        : name(parent) + " " + spec.name();
  }
}
