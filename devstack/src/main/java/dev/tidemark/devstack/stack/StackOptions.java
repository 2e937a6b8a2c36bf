package dev.tidemark.devstack.stack;

import dev.tidemark.event.Topics;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.SequencedSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// Options of every command that starts a stack.
public final class StackOptions {
  public static final Path DEFAULT_DATA = Path.of(".tidemark");

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = ".tidemark",
      description = "Where data, logs and stack.env go (${DEFAULT-VALUE}).")
  private Path data = DEFAULT_DATA;

  @Option(names = "--home", hidden = true, description = "The built tree with the services.")
  private @Nullable Path home;

  @Option(
      names = "--train",
      description =
          "Record how the services start; from the next start on they are up in half the time. This"
              + " once, stopping takes some seconds more.")
  private boolean train;

  @Option(
      names = "--aggregate",
      paramLabel = "TYPE",
      description =
          "A further aggregate type, again for each: its topic TYPE.events is made by the relay and"
              + " followed by the invalidator, as with "
              + "KAFKA_PRODUCT_TOPIC=product.events,TYPE.events.")
  private List<String> aggregates = List.of();

  @Mixin private StackPorts ports = new StackPorts();

  Path data() {
    return data;
  }

  StackPorts ports() {
    return ports;
  }

  /// Returns the topics of `KAFKA_PRODUCT_TOPIC`, and those of the further aggregate types; that of
  /// products is the first.
  SequencedSet<String> topics(Map<String, String> environment) {
    SequencedSet<String> topics = new LinkedHashSet<>();
    String given = environment.getOrDefault(Stack.PRODUCT_TOPIC, "");
    for (String topic : (given.isBlank() ? Topics.ofAggregate("product") : given).split(",", -1)) {
      topics.add(topic.strip());
    }
    for (String type : aggregates) {
      if (!Topics.isOfAnAggregate(Topics.ofAggregate(type))) {
        throw new StackException(
            "--aggregate %s is not an aggregate type: a lower-case letter, then lower-case letters, digits, - and _ (100 in all)"
                .formatted(type));
      }
      topics.add(Topics.ofAggregate(type));
    }
    return topics;
  }

  Programs programs() {
    Path tree = home == null ? Programs.ofThisBuild().home() : home;
    return new Programs(tree, train);
  }
}
