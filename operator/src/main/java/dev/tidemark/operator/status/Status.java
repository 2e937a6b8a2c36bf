package dev.tidemark.operator.status;

import dev.tidemark.operator.run.CommandRun;
import dev.tidemark.operator.run.StopRequest;
import dev.tidemark.operator.run.TimeSpanOption;
import dev.tidemark.operator.status.PartStatus.Line;
import dev.tidemark.service.settings.Setting;
import java.io.PrintWriter;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `status`: asks every part of a running system, all at the same time, and reports the
/// answers for a human.
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Shows the health of a running system: the relay with its slot and the outbox,"
          + " Kafka with the consumer group, the invalidators, Redis, the product API, and the"
          + " last audit. The first line is a summary.",
      "RED: action is needed; the line says which. YELLOW: degraded, or not known in"
          + " time; nothing is blocked by it. All parts are asked at the same time. The command"
          + " changes nothing."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  status --data .tidemark        the system that `up` runs there",
      "  status --watch                 again and again, until Ctrl-C",
      "  status --json | jq .kafka.group.lagEvents"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:nothing is red",
      "1:something is red",
      "2:wrong option or setting",
      "130:--watch was ended by Ctrl-C"
    })
public final class Status implements Callable<Integer> {

  /// Settings that the command reads from the environment.
  public static final List<Setting<?>> SETTINGS = StatusQuestions.SETTINGS;

  private static final Duration LONGEST = Duration.ofHours(1);
  private static final String CLEAR = "\033[H\033[2J";
  private static final String RED = "\033[31m";
  private static final String YELLOW = "\033[33m";
  private static final String PLAIN = "\033[0m";

  private final Map<String, String> variables;
  private final Clock clock;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      converter = TimeSpanOption.class,
      defaultValue = "5s",
      description =
          "Time limit; print what is known by then (${DEFAULT-VALUE}). A part that has not"
              + " answered is red, or yellow if its neighbours reach it.")
  private Duration timeout = Duration.ZERO;

  @Option(
      names = "--watch",
      arity = "0..1",
      paramLabel = "TIME",
      fallbackValue = "2s",
      converter = TimeSpanOption.class,
      description = "Repeat with this pause between two answers (${FALLBACK-VALUE}), until Ctrl-C.")
  private @Nullable Duration watch;

  @Option(
      names = "--json",
      description =
          "As one line of JSON: {\"summary\": …, \"ready\": …, \"parts\": [{\"part\", \"health\":"
              + " well, yellow or red, \"reason\"}], \"relay\": …, \"kafka\": …, \"invalidators\":"
              + " [{…}], \"redis\": …, \"productApi\": …, \"audit\": …}. Relay, invalidators and"
              + " product API as they themselves tell it at /status.")
  private boolean asJson;

  public Status(Map<String, String> variables, Clock clock) {
    this.variables = variables;
    this.clock = clock;
  }

  @Override
  public Integer call() {
    if (timeout.isZero() || timeout.compareTo(LONGEST) > 0) {
      throw new ParameterException(
          spec.commandLine(), "--timeout is %s, but must be from 1s to 1h".formatted(timeout));
    }
    try (StatusQuestions questions = StatusQuestions.from(variables, timeout)) {
      while (true) {
        SystemStatus status = questions.ask(timeout, clock);
        print(status);
        if (watch == null) {
          return status.isRed() ? CommandLine.ExitCode.SOFTWARE : CommandLine.ExitCode.OK;
        }
        if (new StopRequest().awaitRequested(watch)) {
          return CommandRun.INTERRUPTED;
        }
      }
    }
  }

  private void print(SystemStatus status) {
    PrintWriter out = spec.commandLine().getOut();
    if (asJson) {
      out.println(status.json());
      out.flush();
      return;
    }
    CommandLine.Help.Ansi colours = spec.commandLine().getColorScheme().ansi();
    if (watch != null && colours.enabled()) {
      out.print(CLEAR);
    }
    if (watch != null) {
      out.println(clock.instant().truncatedTo(ChronoUnit.SECONDS));
    }
    out.println(status.summary());
    status.lines().forEach(line -> out.printf("%-12s %s%n", line.what(), coloured(colours, line)));
    if (watch != null) {
      out.println();
    }
    out.flush();
  }

  private static String coloured(CommandLine.Help.Ansi colours, Line line) {
    if (!colours.enabled()) {
      return line.text();
    }
    return switch (line.health()) {
      case RED -> RED + line.text() + PLAIN;
      case YELLOW -> YELLOW + line.text() + PLAIN;
      case WELL, DETAIL -> line.text();
    };
  }
}
