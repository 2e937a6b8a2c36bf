package dev.tidemark.relay;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `status`: asks a running relay, by its admin port, and says it so that a human reads
/// it.
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Says how a running system is: for now the relay, with its slot, and the outbox's partitions.",
    footerHeading = "%nSettings, from the environment:%n",
    footer = {
      "  OUTBOX_RELAY_ADMIN_URL   where the relay serves its health (" + Status.DEFAULT_URL + ")"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all is well",
      "1:something is red, or does not answer",
      "2:wrong option or setting"
    })
final class Status implements Callable<Integer> {
  static final String DEFAULT_URL = "http://127.0.0.1:8082";

  private static final String RELAY_URL = "OUTBOX_RELAY_ADMIN_URL";
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final ObjectMapper json = new ObjectMapper();

  private final Map<String, String> environment;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--json",
      description = "As one line of JSON: {\"relay\": …}, with what the relay itself serves.")
  private boolean asJson;

  Status(Map<String, String> environment) {
    this.environment = environment;
  }

  /// Why there is no answer, in words.
  private static final class Unanswered extends Exception {
    Unanswered(String message) {
      super(message);
    }
  }

  @Override
  public Integer call() {
    var address = address();
    JsonNode relay;
    try {
      relay = ask(address);
    } catch (Unanswered e) {
      spec.commandLine().getErr().println(e.getMessage());
      return CommandLine.ExitCode.SOFTWARE;
    }
    var out = spec.commandLine().getOut();
    if (asJson) {
      out.println(json.createObjectNode().set("relay", relay).toString());
    } else {
      print(relay, out);
    }
    return relay.path("ready").asBoolean()
        ? CommandLine.ExitCode.OK
        : CommandLine.ExitCode.SOFTWARE;
  }

  private URI address() {
    var text = environment.getOrDefault(RELAY_URL, DEFAULT_URL).replaceAll("/+$", "");
    if (!text.matches("https?://[^/?#]+")) {
      throw new ParameterException(
          spec.commandLine(),
          "%s is '%s', but must be http://host:port".formatted(RELAY_URL, text));
    }
    try {
      return URI.create(text + "/status");
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), "%s is '%s': %s".formatted(RELAY_URL, text, e.getMessage()), e);
    }
  }

  private static JsonNode ask(URI address) throws Unanswered {
    var request = HttpRequest.newBuilder(address).timeout(PATIENCE).build();
    try (var http = HttpClient.newBuilder().connectTimeout(PATIENCE).build()) {
      var answer = http.send(request, BodyHandlers.ofString());
      if (answer.statusCode() != 200) {
        throw new Unanswered(
            "%s answers %d: %s must be the admin address of a relay"
                .formatted(address, answer.statusCode(), RELAY_URL));
      }
      return json.readTree(answer.body());
    } catch (JsonProcessingException e) {
      throw new Unanswered(
          "%s does not answer with JSON: %s must be the admin address of a relay"
              .formatted(address, RELAY_URL));
    } catch (IOException e) {
      throw new Unanswered(
          "no relay answers at %s: see that it runs, and that %s, or --data DIR, is right"
              .formatted(address, RELAY_URL));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Unanswered("interrupted");
    }
  }

  private static void print(JsonNode relay, PrintWriter out) {
    out.printf(
        "relay      %s, %s%n",
        relay.path("ready").asBoolean() ? "well" : "RED", relay.path("reason").asText());
    var slot = relay.path("slot");
    out.printf("slot       %s", slot.path("name").asText());
    out.println(
        slot.has("walStatus")
            ? ": wal_status %s, %s behind (%.1f s), %s of log kept for it"
                .formatted(
                    slot.path("walStatus").asText(),
                    bytes(slot.path("lagBytes").asLong()),
                    relay.path("lagSeconds").asDouble(),
                    bytes(slot.path("retainedBytes").asLong()))
            : ": not known, PostgreSQL has not answered yet");
    var outbox = relay.path("outbox");
    if (outbox.has("partitions")) {
      out.printf(
          "outbox     %d daily partitions, %s to %s (%s days ahead), %d rows in the default partition%n",
          outbox.path("partitions").asInt(),
          outbox.path("oldestDay").asText("none"),
          outbox.path("newestDay").asText("none"),
          outbox.path("daysAhead").asText("no"),
          outbox.path("defaultRows").asLong());
    }
    out.printf(
        "retention  %s%s%n",
        outbox.has("retentionDays")
            ? outbox.path("retentionDays").asLong() + " days"
            : "off: rows stay for ever",
        outbox.has("lastRemoval")
            ? "; last: %s at %s"
                .formatted(
                    outbox.at("/lastRemoval/what").asText(), outbox.at("/lastRemoval/at").asText())
            : "");
    for (var finding : relay.path("findings")) {
      out.printf(
          "%-10s %s: %s%n",
          finding.path("severity").asText(),
          finding.path("what").asText(),
          finding.path("remedy").asText());
    }
  }

  private static String bytes(long count) {
    return count < 10_000 ? "%d bytes".formatted(count) : "%,.1f MB".formatted(count / 1e6);
  }
}
