package dev.tidemark.operator.audit;

import dev.tidemark.operator.run.CommandOptions;
import dev.tidemark.operator.run.CommandRun;
import dev.tidemark.operator.run.KeyFilter;
import dev.tidemark.operator.run.TimeSpanOption;
import dev.tidemark.service.settings.Setting;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `audit`.
@Command(
    name = "audit",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Compares the cached products with the database. Each entry is fresh, absent (no"
          + " entry, or a fill is in progress), lagging (wrong at first, right within the grace"
          + " time), stale (older), ahead (newer: was the database recovered to an earlier"
          + " moment?), differs (same version, other content) or unreadable (not an entry;"
          + " readers ignore it).",
      "Safe to run while the system runs. It changes nothing without --repair. Other"
          + " entries than products are not compared."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  audit                              10000 random entries",
      "  audit --all --rate 5000/s          every entry",
      "  audit --all --repair               and evict the wrong ones",
      "  audit --all --repair --dry-run     count the wrong ones",
      "  audit --key kettle --key teapot    these two",
      "  audit --prefix shoe- --json",
      "",
      "DATABASE_URL names the primary; the role tidemark_audit has the necessary privileges.",
      "The result is stored in Redis under the key tidemark:last-audit."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:nothing is stale, ahead or differs, or all that was is evicted",
      "1:something is, or the audit failed",
      "2:wrong option or setting",
      "130:interrupted"
    })
public final class Audit implements Callable<Integer> {

  public static final List<Setting<?>> SETTINGS = AuditTarget.SETTINGS;

  private static final int SAMPLE = 10_000;
  private static final int LARGEST_SAMPLE = 10_000_000;

  /// Pattern of a product's id, the same as in the API.
  private static final Pattern PRODUCT_ID = Pattern.compile("[A-Za-z0-9._~-]{1,100}");

  private final Map<String, String> environment;
  private final Clock clock;

  @Spec private CommandSpec spec = CommandSpec.create();

  @ArgGroup(multiplicity = "0..1")
  private Which which = new Which();

  @Option(names = "--repair", description = "Evict the entries that are wrong.")
  private boolean repair;

  @Option(
      names = "--grace",
      paramLabel = "TIME",
      converter = TimeSpanOption.class,
      description =
          "Time that an entry may be behind before it counts as stale: 10s (the default),"
              + " 2m, 1h.")
  private Duration grace = Duration.ofSeconds(10);

  @Mixin private CommandOptions options = new CommandOptions();

  /// Options that choose the entries.
  static final class Which {

    @Option(
        names = "--sample",
        paramLabel = "N",
        description = "Number of entries, chosen at random (10000). The default.")
    private @Nullable Integer sample;

    @Option(names = "--all", description = "Every entry.")
    private boolean all;

    @Option(
        names = "--key",
        paramLabel = "ID",
        description = "Only the product with this id; an unknown id is an error. Can be repeated.")
    private List<String> ids = List.of();

    @Option(names = "--prefix", paramLabel = "TEXT", description = "Only ids with this prefix.")
    private @Nullable String prefix;

    private KeyFilter keys() {
      return new KeyFilter(ids, Optional.ofNullable(prefix));
    }

    private OptionalInt sample() {
      return all || !keys().isAll()
          ? OptionalInt.empty()
          : OptionalInt.of(sample == null ? SAMPLE : sample);
    }
  }

  public Audit(Map<String, String> environment, Clock clock) {
    this.environment = environment;
    this.clock = clock;
  }

  @Override
  public Integer call() {
    if (which.sample != null && (which.sample < 1 || which.sample > LARGEST_SAMPLE)) {
      throw new ParameterException(
          spec.commandLine(),
          "--sample is %d, but must be from 1 to %d".formatted(which.sample, LARGEST_SAMPLE));
    }
    for (String id : which.ids) {
      if (!PRODUCT_ID.matcher(id).matches()) {
        throw new ParameterException(
            spec.commandLine(),
            "--key is '%s', but must be the id of a product, %s: audit knows no other aggregates"
                .formatted(id, PRODUCT_ID));
      }
    }
    return CommandRun.of(
        spec,
        options,
        new AuditRun(
            AuditTarget.from(environment),
            new AuditScope(which.sample(), which.keys(), repair, grace),
            options,
            clock,
            line -> spec.commandLine().getErr().println(line)));
  }
}
