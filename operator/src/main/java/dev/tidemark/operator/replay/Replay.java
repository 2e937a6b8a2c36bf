package dev.tidemark.operator.replay;

import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidation.RedisTarget;
import dev.tidemark.operator.run.CommandOptions;
import dev.tidemark.operator.run.CommandRun;
import dev.tidemark.operator.run.KeyFilter;
import dev.tidemark.operator.run.OperatorSettings;
import dev.tidemark.operator.topics.ScanStart;
import dev.tidemark.service.settings.Setting;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The command `replay`.
@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Reads the topics from a past position to their current ends, and evicts the cache"
          + " entries that the events show to be stale. Use it when evictions may have been"
          + " missed. Fresh entries stay, so a warm cache loses nothing.",
      "Safe to run while the system runs, and to repeat. The command uses a consumer of"
          + " its own; the offsets of the invalidators do not change."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  replay --from 15m                        the last quarter of an hour",
      "  replay --from 2026-11-26T03:00:00Z       since then (without a zone: this machine's)",
      "  replay --from beginning --dry-run        how many keys that would change",
      "  replay --from beginning --prefix shoe- --rate 5000/s",
      "  replay --from beginning --key kettle     only this one",
      "  replay --from 120000                     in each partition from this offset on",
      "  replay --from 0:120000,3:98000           partition:offset; partitions not named are left out"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed; the last line tells how to go on",
      "2:wrong option or setting",
      "130:interrupted; the last line tells how to go on"
    })
public final class Replay implements Callable<Integer> {

  public static final List<Setting<?>> SETTINGS =
      Stream.of(KafkaSettings.SETTINGS, RedisTarget.SETTINGS)
          .<Setting<?>>flatMap(List::stream)
          .toList();

  private final Map<String, String> environment;
  private final Clock clock;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--from",
      paramLabel = "START",
      required = true,
      description =
          "beginning, a time, how long ago (15m, 2h, 1d), an offset, or partition:offset[,partition:offset].")
  private String from = "";

  @Option(
      names = "--key",
      paramLabel = "ID",
      description = "Only the aggregate with this id. Can be repeated.")
  private List<String> keys = List.of();

  @Option(names = "--prefix", paramLabel = "TEXT", description = "Only ids with this prefix.")
  private @Nullable String prefix;

  @Mixin private CommandOptions options = new CommandOptions();

  public Replay(Map<String, String> environment, Clock clock) {
    this.environment = environment;
    this.clock = clock;
  }

  @Override
  public Integer call() {
    Map<String, String> checked = OperatorSettings.SETTINGS.check(environment, SETTINGS);
    return CommandRun.of(
        spec,
        options,
        new ReplayRun(
            KafkaSettings.from(checked),
            RedisTarget.from(checked),
            ScanStart.from(spec, from, clock),
            new KeyFilter(keys, Optional.ofNullable(prefix)),
            options,
            line -> spec.commandLine().getErr().println(line)));
  }
}
