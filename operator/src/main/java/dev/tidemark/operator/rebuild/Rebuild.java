package dev.tidemark.operator.rebuild;

import dev.tidemark.cache.CacheSettings;
import dev.tidemark.cache.TimeToLive;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidation.RedisTarget;
import dev.tidemark.operator.run.CommandOptions;
import dev.tidemark.operator.run.CommandRun;
import dev.tidemark.operator.run.KeyFilter;
import dev.tidemark.operator.run.OperatorSettings;
import dev.tidemark.operator.run.RetryingBatches;
import dev.tidemark.service.settings.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/// The command `rebuild`.
@Command(
    name = "rebuild",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Fills the cache from the topics with the newest state of each key. It never"
          + " stores a state that is stale when it is stored, and never reads the database.",
      "Safe to run while the system runs, and to repeat: fresh entries stay, so an"
          + " interrupted run can be started again. The command uses a consumer of its own; the"
          + " offsets of the invalidators do not change."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  rebuild --dry-run                        how many keys that would fill",
      "  rebuild --rate 20000/s                   all, 20000 in a second at most",
      "  rebuild --prefix shoe- --json            those whose id begins with shoe-; the result as"
          + " JSON",
      "  rebuild --into redis://green:6379        into another Redis (see docs/operations.md, \"A"
          + " second Redis\")",
      "  rebuild --into file:/run/secrets/green   the same; the address, with its password, stands"
          + " in a file"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed; the last line tells how to go on",
      "2:wrong option or setting",
      "130:interrupted; the last line tells how to go on"
    })
public final class Rebuild implements Callable<Integer> {

  private static final String URL = RedisTarget.URL.label();
  private static final String FILE = "file:";
  private static final String VARIABLE = "env:";
  private static final Setting<Duration> TTL =
      Setting.time(
          "CACHE_TTL_SECONDS",
          ChronoUnit.SECONDS,
          300,
          1,
          30 * 24 * 3600,
          "longest life of what is filled");

  public static final List<Setting<?>> SETTINGS =
      Stream.of(KafkaSettings.SETTINGS, RedisTarget.SETTINGS, List.of(TTL))
          .<Setting<?>>flatMap(List::stream)
          .toList();

  /// Lifetime of a lease. A batch takes about ten milliseconds.
  private static final Duration LEASE_TTL = Duration.ofSeconds(5);

  /// Divisor of the heap: the index of the keys and the kept states may each take this part of it.
  private static final int SHARE_OF_HEAP = 4;

  private final Map<String, String> environment;
  private final Clock clock;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--into",
      paramLabel = "REDIS_URL",
      description =
          "Fill another Redis than that of REDIS_URL. file:PATH and env:NAME read the"
              + " address from a file or a variable, for an address with a password.")
  private @Nullable String into;

  @Option(
      names = "--key",
      paramLabel = "ID",
      description = "Only the aggregate with this id. Can be repeated.")
  private List<String> keys = List.of();

  @Option(names = "--prefix", paramLabel = "TEXT", description = "Only ids with this prefix.")
  private @Nullable String prefix;

  @Option(
      names = "--memory",
      paramLabel = "SIZE",
      converter = Size.class,
      description =
          "Memory for the index of the keys, about 25 bytes per key, and as much again for"
              + " their states (512m, 2g). Default: a quarter of the heap for each. If the keys"
              + " need more, the topics are read several times.")
  private @Nullable Long memory;

  @Mixin private CommandOptions options = new CommandOptions();

  public Rebuild(Map<String, String> environment, Clock clock) {
    this.environment = environment;
    this.clock = clock;
  }

  /// Converter of a size: `512m`, `2g`, or a number of bytes.
  static final class Size implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      String lower = text.toLowerCase(Locale.ROOT);
      if (!lower.matches("[1-9]\\d{0,8}[kmg]?|[1-9]\\d{9,15}")) {
        throw new TypeConversionException("'%s' is no size like 512m or 2g".formatted(text));
      }
      int shift =
          switch (lower.charAt(lower.length() - 1)) {
            case 'k' -> 10;
            case 'm' -> 20;
            case 'g' -> 30;
            default -> 0;
          };
      return Long.parseLong(shift == 0 ? lower : lower.substring(0, lower.length() - 1)) << shift;
    }
  }

  @Override
  public Integer call() {
    Map<String, String> variables = new HashMap<>(environment);
    if (into != null) {
      variables.remove(URL + "_FILE");
      variables.put(URL, target(into));
    }
    Map<String, String> checked = OperatorSettings.SETTINGS.check(variables, SETTINGS);
    return CommandRun.of(
        spec,
        options,
        new RebuildRun(
            KafkaSettings.from(checked),
            RedisTarget.from(checked),
            RedisConnection::entries,
            TimeToLive.ofMany(CacheSettings.defaults().withTtl(TTL.from(checked))),
            new KeyFilter(keys, Optional.ofNullable(prefix)),
            new RebuildRun.Settings(
                LEASE_TTL,
                memory == null ? Runtime.getRuntime().maxMemory() / SHARE_OF_HEAP : memory,
                RetryingBatches.PATIENCE,
                targetAgain()),
            options,
            line -> spec.commandLine().getErr().println(line),
            clock));
  }

  private String target(String named) {
    String url = named;
    if (named.startsWith(FILE)) {
      try {
        url = Files.readString(Path.of(named.substring(FILE.length()))).strip();
      } catch (IOException e) {
        throw wrong("names a file that cannot be read: " + named.substring(FILE.length()));
      }
    } else if (named.startsWith(VARIABLE)) {
      url = environment.getOrDefault(named.substring(VARIABLE.length()), "").strip();
    }
    try {
      var _ = RedisConnection.checked(url);
    } catch (IllegalArgumentException e) {
      throw wrong(String.valueOf(e.getMessage()));
    }
    return url;
  }

  private ParameterException wrong(String reason) {
    return new ParameterException(spec.commandLine(), "--into: " + reason);
  }

  /// Returns the target as an argument of the command that continues the run, without a password.
  private String targetAgain() {
    if (into == null) {
      return "";
    }
    return " --into " + (into.contains("@") ? "…" : KeyFilter.quoted(into));
  }
}
