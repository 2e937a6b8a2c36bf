package dev.tidemark.devstack;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The options of every command that brings up a stack.
final class StackOptions {
  static final Path DEFAULT_DATA = Path.of(".tidemark");

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = ".tidemark",
      description = "Where data, logs and stack.env go (${DEFAULT-VALUE}).")
  private Path data = DEFAULT_DATA;

  @Option(names = "--home", hidden = true, description = "The built tree with the services.")
  private @Nullable Path home;

  @Option(
      names = "--train",
      description =
          "Record how the services start; from the next start on they are up in half the time. This once, stopping takes some seconds more.")
  private boolean train;

  @Mixin private StackPorts ports = new StackPorts();

  Path data() {
    return data;
  }

  StackPorts ports() {
    return ports;
  }

  Programs programs() {
    Path tree = home == null ? Programs.ofThisBuild().home() : home;
    return new Programs(tree, train);
  }
}
