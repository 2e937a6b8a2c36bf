package dev.tidemark.operator.deadletters;

import dev.tidemark.operator.run.CommandRun;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command `dead-letters discard`.
@Command(
    name = "discard",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Discards letters: list, show, send and status leave them out from then on.",
      "Writes a mark to their topic. The letters stay in Kafka, so the relay and the"
          + " invalidator do not write them again. Safe to run while the system runs, and to"
          + " repeat."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  dead-letters discard 0:12 0:15 --yes                            these two",
      "  dead-letters discard --up-to product.events.dlt:0:120 --dry-run how many letters up to"
          + " this one there are",
      "  dead-letters discard --up-to product.events.dlt:0:120 --yes     and discard them"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:each is discarded, now or before",
      "1:failed, or there is no such letter",
      "2:wrong option or setting, or --yes is missing",
      "130:interrupted; the last line tells how to go on"
    })
final class DeadLetterDiscard implements Callable<Integer> {

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "ID",
      arity = "0..*",
      description = "Id of a letter as list prints it: [[topic:]partition:]offset.")
  private List<String> texts = List.of();

  @Option(
      names = "--up-to",
      paramLabel = "ID",
      converter = DeadLetterId.Converter.class,
      description =
          "All letters of its topic and partition up to and including this one. Can be"
              + " repeated.")
  private List<DeadLetterId> upTo = List.of();

  @Option(names = "--yes", description = "Confirm. Without it the command does nothing and fails.")
  private boolean yes;

  @Option(names = "--dry-run", description = "Change nothing; print what would be discarded.")
  private boolean dryRun;

  @Option(
      names = "--json",
      description = "Print the result as one line of JSON on standard output.")
  private boolean asJson;

  DeadLetterDiscard(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() {
    List<DeadLetterId> ids = DeadLetterId.all(spec, texts);
    if (ids.isEmpty() == upTo.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "give either ids or --up-to");
    }
    if (!yes && !dryRun) {
      throw new ParameterException(
          spec.commandLine(),
          "--yes is missing, nothing is discarded: --dry-run tells which letters that would be,"
              + " --yes discards them");
    }
    DeadLetterTopics box = DeadLetterTopics.of(spec, environment);
    return CommandRun.of(spec, asJson, new DeadLetterDiscarding(box, ids, upTo, dryRun));
  }
}
