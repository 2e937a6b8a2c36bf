package dev.tidemark.operator;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;

/// Result of a command, as its caller sees it.
public record CommandOutcome(int code, String out, String err) {

  public static CommandOutcome of(Map<String, String> environment, String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        Main.commandLine(environment)
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(arguments);
    return new CommandOutcome(code, out.toString(), err.toString());
  }
}
