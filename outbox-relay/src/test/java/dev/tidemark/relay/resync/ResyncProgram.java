package dev.tidemark.relay.resync;

import java.util.Map;
import picocli.CommandLine;

/// The command `resync` alone, as a program.
public final class ResyncProgram {

  private ResyncProgram() {}

  public static void main(String[] arguments) {
    System.exit(commandLine(System.getenv()).execute(arguments));
  }

  public static CommandLine commandLine(Map<String, String> environment) {
    return new CommandLine(new Resync(environment));
  }
}
