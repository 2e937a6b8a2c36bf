package dev.tidemark.invalidator;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `status`: asks every part of a running system, all at the same time, and says it so
/// that a human reads it.
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Says how a running system is: the relay with its slot and the outbox, Kafka with the group of the invalidators,"
          + " the invalidators, Redis, the product API, and the last audit.",
      "A part that does not answer is red, with what to do; the others are told all the same. It changes nothing."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  status --data .tidemark        the system that `up` runs there",
      "  status --json | jq .kafka.group.lagEvents",
      "",
      "Settings, from the environment:",
      "  OUTBOX_RELAY_ADMIN_URL    where the relay serves its health ("
          + Status.RELAY_DEFAULT
          + ")",
      "  INVALIDATOR_ADMIN_URL     the invalidators, comma between ("
          + Status.INVALIDATOR_DEFAULT
          + ")",
      "  PRODUCT_API_ADMIN_URL     the product API (" + Status.API_DEFAULT + ")",
      "  KAFKA_…, REDIS_URL        as for the invalidator; a part without its address is not asked"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all is well",
      "1:something is red, or does not answer",
      "2:wrong option or setting"
    })
final class Status implements Callable<Integer> {

  static final String API_DEFAULT = "http://127.0.0.1:8081";
  static final String RELAY_DEFAULT = "http://127.0.0.1:8082";
  static final String INVALIDATOR_DEFAULT = "http://127.0.0.1:8083";

  private static final String SERVERS = "KAFKA_BOOTSTRAP_SERVERS";
  private static final String REDIS = "REDIS_URL";

  private final Map<String, String> variables;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--json",
      description =
          "As one line of JSON: {\"relay\": …, \"kafka\": …, \"invalidators\": [{…}], \"redis\": …, \"productApi\": …,"
              + " \"audit\": …}. Relay and invalidators as they themselves tell it at /status.")
  private boolean asJson;

  Status(Map<String, String> variables) {
    this.variables = variables;
  }

  @Override
  public Integer call() {
    List<PartStatus> parts = ask();
    if (asJson) {
      ObjectNode all = JsonNodeFactory.instance.objectNode();
      parts.forEach(part -> all.set(part.name(), part.json()));
      spec.commandLine().getOut().println(all);
    } else {
      parts.stream()
          .flatMap(part -> part.lines().stream())
          .forEach(
              line -> spec.commandLine().getOut().printf("%-12s %s%n", line.what(), line.text()));
    }
    return parts.stream().anyMatch(PartStatus::red)
        ? CommandLine.ExitCode.SOFTWARE
        : CommandLine.ExitCode.OK;
  }

  private List<PartStatus> ask() {
    List<Callable<PartStatus>> questions = questions();
    List<Future<PartStatus>> answers;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      answers = questions.stream().map(threads::submit).toList();
    }
    List<PartStatus> parts = new ArrayList<>(answers.stream().map(Future::resultNow).toList());
    parts.add(AuditPart.of(named("redis", parts), named("invalidators", parts)));
    return parts;
  }

  private List<Callable<PartStatus>> questions() {
    try {
      Environment environment = Configuration.checkedNames(variables);
      List<AdminPort> relay =
          AdminPort.from(environment, "relay", "OUTBOX_RELAY_ADMIN_URL", RELAY_DEFAULT);
      List<AdminPort> invalidators =
          AdminPort.from(environment, "invalidator", "INVALIDATOR_ADMIN_URL", INVALIDATOR_DEFAULT);
      List<AdminPort> api =
          AdminPort.from(environment, "product API", "PRODUCT_API_ADMIN_URL", API_DEFAULT);
      Callable<PartStatus> kafka = kafka(environment);
      Callable<PartStatus> redis = redis(environment);
      environment.check();
      return List.of(
          () -> RelayPart.ask(relay.getFirst()),
          kafka,
          () -> InvalidatorPart.ask(invalidators),
          redis,
          () -> ApiPart.ask(api.getFirst()));
    } catch (Configuration.Invalid e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private Callable<PartStatus> kafka(Environment environment) {
    if (!variables.containsKey(SERVERS)) {
      return () -> PartStatus.notAsked("kafka", SERVERS);
    }
    KafkaSettings settings = KafkaSettings.from(environment);
    String group = Configuration.group(environment);
    return () -> KafkaPart.ask(settings, group);
  }

  private Callable<PartStatus> redis(Environment environment) {
    if (!variables.containsKey(REDIS) && !variables.containsKey(REDIS + "_FILE")) {
      return () -> PartStatus.notAsked("redis", REDIS);
    }
    RedisTarget target = RedisTarget.from(environment);
    return () -> RedisPart.ask(target);
  }

  private static PartStatus named(String name, List<PartStatus> parts) {
    return parts.stream().filter(part -> part.name().equals(name)).findFirst().orElseThrow();
  }
}
