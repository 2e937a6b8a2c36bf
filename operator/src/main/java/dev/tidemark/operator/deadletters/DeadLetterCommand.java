package dev.tidemark.operator.deadletters;

import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidation.Unavailable;
import dev.tidemark.operator.run.CommandErrors;
import dev.tidemark.operator.run.KeyFilter;
import dev.tidemark.operator.run.StopRequest;
import dev.tidemark.operator.topics.ScanStart;
import dev.tidemark.service.program.SettingsHelp;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command `dead-letters`, with a command of its own for each thing to do.
@Command(
    name = "dead-letters",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "(list | show | send | discard)",
    description = {
      "Lists and handles dead letters: outbox rows that the relay could not make an"
          + " event of, and events that the invalidator could not read. They are stored in the"
          + " topic <topic>.dlt without a time limit, and block nothing. Discard a letter when"
          + " it is dealt with."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed, or some letters could not be sent",
      "2:wrong option or setting",
      "130:interrupted"
    })
public final class DeadLetterCommand implements Callable<Integer> {

  @Spec private CommandSpec spec = CommandSpec.create();

  /// Returns the command with all its subcommands.
  public static CommandLine commandLine(Map<String, String> environment, Clock clock) {
    return SettingsHelp.add(new CommandLine(new DeadLetterCommand()), KafkaSettings.SETTINGS)
        .addSubcommand(new ListAll(environment, clock))
        .addSubcommand(new Show(environment))
        .addSubcommand(new DeadLetterSend(environment))
        .addSubcommand(new DeadLetterDiscard(environment));
  }

  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "say what to do: list, show, send or discard");
  }

  /// Reads and prints. A fault is reported in words.
  private static int print(CommandSpec spec, boolean asJson, Runnable printing) {
    try {
      printing.run();
      return ExitCode.OK;
    } catch (Unavailable | KafkaException e) {
      CommandErrors.tell(
          spec,
          asJson,
          "%s failed: %s".formatted(CommandErrors.name(spec), e.getMessage()),
          ExitCode.SOFTWARE);
      return ExitCode.SOFTWARE;
    }
  }

  /// The command `dead-letters list`.
  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description = "Lists them, a line each: id, time, who put it aside, key, reason.",
      exitCodeListHeading = "%nExit codes:%n",
      exitCodeList = {"0:done", "1:failed", "2:wrong option or setting"},
      footerHeading = "%nExamples:%n",
      footer = {
        "  dead-letters list --from 1d",
        "  dead-letters list --prefix shoe- --json | jq -r .reason | sort | uniq -c"
      })
  static final class ListAll implements Callable<Integer> {

    private final Map<String, String> environment;
    private final Clock clock;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Option(
        names = "--from",
        paramLabel = "START",
        description = "Only from then on: a time, or how long ago (15m, 2h, 1d). Without: all.")
    private String from = "beginning";

    @Option(names = "--key", paramLabel = "ID", description = "Only this one's. Can be repeated.")
    private List<String> keys = List.of();

    @Option(names = "--prefix", paramLabel = "TEXT", description = "Only keys that begin so.")
    private @Nullable String prefix;

    @Option(names = "--json", description = "Each as one line of JSON, whole.")
    private boolean asJson;

    ListAll(Map<String, String> environment, Clock clock) {
      this.environment = environment;
      this.clock = clock;
    }

    @Override
    public Integer call() {
      DeadLetterTopics box = DeadLetterTopics.of(spec, environment);
      ScanStart start = ScanStart.from(spec, from, clock);
      KeyFilter choice = new KeyFilter(keys, Optional.ofNullable(prefix));
      PrintWriter out = spec.commandLine().getOut();
      AtomicLong count = new AtomicLong();
      int code =
          print(
              spec,
              asJson,
              () ->
                  box.forEach(
                      start,
                      new StopRequest(),
                      record -> {
                        DeadLetterView letter = new DeadLetterView(record);
                        if (choice.isAll() || letter.key().filter(choice::hasId).isPresent()) {
                          count.incrementAndGet();
                          out.println(asJson ? letter.json() : letter.line());
                        }
                      }));
      if (!asJson && code == ExitCode.OK) {
        out.println("%,d dead letters".formatted(count.get()));
      }
      return code;
    }
  }

  /// The command `dead-letters show`.
  @Command(
      name = "show",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description = "Shows one or several of them whole: reason, key, headers, value.",
      exitCodeListHeading = "%nExit codes:%n",
      exitCodeList = {
        "0:done",
        "1:failed, or there is no such letter",
        "2:wrong option or setting"
      },
      footerHeading = "%nExample:%n",
      footer = {"  dead-letters show product.events.dlt:0:12"})
  static final class Show implements Callable<Integer> {

    private final Map<String, String> environment;

    @Spec private CommandSpec spec = CommandSpec.create();

    @Parameters(
        paramLabel = "ID",
        arity = "1..*",
        converter = DeadLetterId.Converter.class,
        description = "As list shows it; [[topic:]partition:]offset.")
    private List<DeadLetterId> ids = List.of();

    @Option(names = "--json", description = "Each as one line of JSON.")
    private boolean asJson;

    Show(Map<String, String> environment) {
      this.environment = environment;
    }

    @Override
    public Integer call() {
      DeadLetterTopics box = DeadLetterTopics.of(spec, environment);
      PrintWriter out = spec.commandLine().getOut();
      return print(
          spec,
          asJson,
          () ->
              box.find(ids, new StopRequest()).stream()
                  .map(DeadLetterView::new)
                  .forEach(
                      letter -> {
                        if (asJson) {
                          out.println(letter.json());
                        } else {
                          letter.print(out);
                        }
                      }));
    }
  }
}
