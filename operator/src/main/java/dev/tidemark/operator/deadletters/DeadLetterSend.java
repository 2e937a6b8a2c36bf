package dev.tidemark.operator.deadletters;

import dev.tidemark.operator.deadletters.DeadLetterEvent.Corrections;
import dev.tidemark.operator.run.CommandOptions;
import dev.tidemark.operator.run.CommandRun;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command `dead-letters send`.
@Command(
    name = "send",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Sends letters to their topic as events, corrected by the options. A letter that"
          + " is still invalid is skipped, with the reason.",
      "A letter is skipped as superseded if the topic has its version or a newer one. So"
          + " the command is safe to repeat, and to run while the system runs. The letters stay"
          + " in their topic."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  dead-letters send --all --dry-run                        what would be sent, and what is"
          + " wrong with the rest",
      "  dead-letters send 0:12 --type product.updated --aggregate-version 7",
      "",
      "The topics are read once from their beginning, to know the newest version of each key."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:each is sent, or superseded",
      "1:failed, or some letters are still wrong",
      "2:wrong option or setting",
      "130:interrupted; the last line tells how to go on"
    })
final class DeadLetterSend implements Callable<Integer> {

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "ID",
      arity = "0..*",
      description = "Id of a letter as list prints it: [[topic:]partition:]offset.")
  private List<String> texts = List.of();

  @Option(names = "--all", description = "All letters.")
  private boolean all;

  @Option(names = "--key", paramLabel = "ID", description = "Id of the aggregate, for one letter.")
  private @Nullable String key;

  @Option(
      names = "--type",
      paramLabel = "TYPE",
      description = "Event type, <aggregate type>.<verb>, for one letter.")
  private @Nullable String type;

  @Option(
      names = "--aggregate-version",
      paramLabel = "N",
      description = "Version of the aggregate, for one letter.")
  private @Nullable Long version;

  @Mixin private CommandOptions options = new CommandOptions();

  DeadLetterSend(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() {
    List<DeadLetterId> ids = DeadLetterId.all(spec, texts);
    if (all != ids.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "give either ids or --all");
    }
    Corrections corrections =
        new Corrections(
            Optional.ofNullable(key),
            Optional.ofNullable(type),
            version == null ? OptionalLong.empty() : OptionalLong.of(version));
    if (!corrections.isNone() && ids.size() != 1) {
      throw new ParameterException(
          spec.commandLine(), "--key, --type and --aggregate-version go with just one id");
    }
    DeadLetterTopics box = DeadLetterTopics.of(spec, environment);
    return CommandRun.of(
        spec,
        options,
        new DeadLetterSendRun(
            box,
            ids,
            corrections,
            options,
            line -> spec.commandLine().getErr().println(line),
            () -> {}));
  }
}
