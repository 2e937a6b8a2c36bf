package dev.tidemark.operator.run;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/// The options that all of the operators' commands have.
public final class CommandOptions {

  @Option(
      names = "--rate",
      paramLabel = "N/s",
      converter = Rate.class,
      description = "Maximum rate in keys per second. Default: no limit.")
  private @Nullable Integer perSecond;

  @Option(names = "--dry-run", description = "Change nothing; print what would be changed.")
  private boolean dryRun;

  @Option(
      names = "--json",
      description = "Print the result as one line of JSON on standard output.")
  private boolean json;

  /// Converter of a rate: `500` and `500/s` mean the same.
  static final class Rate implements CommandLine.ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      if (!text.matches("0*[1-9]\\d{0,8}(/s)?")) {
        throw new CommandLine.TypeConversionException(
            "'%s' is no rate like 500/s, from 1/s to 999999999/s".formatted(text));
      }
      return Integer.parseInt(text.endsWith("/s") ? text.substring(0, text.length() - 2) : text);
    }
  }

  public Optional<Integer> perSecond() {
    return Optional.ofNullable(perSecond);
  }

  public boolean dryRun() {
    return dryRun;
  }

  boolean json() {
    return json;
  }

  /// Returns the arguments of a command that continues this one, with a space before each.
  public String arguments() {
    return (perSecond == null ? "" : " --rate %d/s".formatted(perSecond))
        + (dryRun ? " --dry-run" : "")
        + (json ? " --json" : "");
  }
}
