package dev.tidemark.operator.status;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemark.operator.audit.LastAudit;
import dev.tidemark.operator.deadletters.DeadLetterCount;
import dev.tidemark.operator.deadletters.DeadLetterCount.Letters;
import dev.tidemark.operator.status.PartStatus.Line;
import dev.tidemark.operator.status.PartStatus.Silence;
import dev.tidemark.service.status.ApiReport;
import dev.tidemark.service.status.InvalidatorReport;
import dev.tidemark.service.status.RelayReport;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/// State of the parts of a system, each seen together with the others: a neighbour may know facts
/// that a part did not report in time. Immutable.
record SystemStatus(List<PartStatus<?>> parts) {

  SystemStatus {
    parts = List.copyOf(parts);
  }

  /// @param invalidators each of them
  /// @param now for the ages of what is old
  static SystemStatus of(
      PartStatus<RelayReport> relay,
      PartStatus<KafkaState> kafka,
      List<PartStatus<InvalidatorReport>> invalidators,
      PartStatus<LastAudit> redis,
      PartStatus<ApiReport> api,
      Instant now) {
    boolean starved =
        Stream.concat(Stream.of(relay, kafka, redis, api), invalidators.stream())
            .anyMatch(part -> part.silence() == Silence.UNASKED);
    boolean hasMembers =
        kafka
            .facts()
            .flatMap(state -> state.group().members())
            .filter(many -> many > 0)
            .isPresent();
    List<String> group = hasMembers ? List.of("group's coordinator in Kafka") : List.of();
    PartStatus<List<InvalidatorReport>> all =
        InvalidatorPart.all(
            invalidators.stream().map(one -> one.reachedBy(group, starved)).toList());
    List<InvalidatorReport> reports = all.facts().orElse(List.of());
    return new SystemStatus(
        List.of(
            withLetters(
                relay.reachedBy(List.of(), starved), kafka, DeadLetterCount.Result::relay, now),
            kafka
                .reachedBy(reachKafka(relay, reports), starved)
                .with(unfollowed(kafka.facts(), reports)),
            withLetters(all, kafka, DeadLetterCount.Result::invalidator, now),
            redis.reachedBy(reachRedis(api, reports), starved),
            api.reachedBy(List.of(), starved),
            AuditPart.of(redis.facts(), reports)));
  }

  private static <F> PartStatus<F> withLetters(
      PartStatus<F> part,
      PartStatus<KafkaState> kafka,
      Function<DeadLetterCount.Result, Letters> its,
      Instant now) {
    return kafka
        .facts()
        .map(
            state ->
                state
                    .deadLetters()
                    .map(letters -> its.apply(letters).text(now))
                    .orElse("dead letters not counted"))
        .map(part::withNote)
        .orElse(part);
  }

  private static List<String> reachKafka(
      PartStatus<RelayReport> relay, List<InvalidatorReport> invalidators) {
    List<String> neighbours = new ArrayList<>();
    if (relay.facts().filter(RelayReport::ready).isPresent()) {
      neighbours.add("relay");
    }
    if (invalidators.stream().anyMatch(one -> has(one, "kafka"))) {
      neighbours.add("invalidator");
    }
    return neighbours;
  }

  private static List<String> reachRedis(
      PartStatus<ApiReport> api, List<InvalidatorReport> invalidators) {
    List<String> neighbours = new ArrayList<>();
    if (api.facts().filter(ApiReport::usesRedis).isPresent()) {
      neighbours.add("product API");
    }
    if (invalidators.stream().anyMatch(one -> has(one, "redis"))) {
      neighbours.add("invalidator");
    }
    return neighbours;
  }

  /// Returns whether the invalidator has a thing that it needs, by the name in `waitingFor`.
  private static boolean has(InvalidatorReport invalidator, String thing) {
    return invalidator.ready()
        || (!invalidator.waitingFor().isEmpty() && !invalidator.waitingFor().containsKey(thing));
  }

  /// Returns lines for topics with events that neither the group nor any invalidator that was asked
  /// has.
  private static List<Line> unfollowed(
      Optional<KafkaState> kafka, List<InvalidatorReport> invalidators) {
    if (kafka.isEmpty()) {
      return List.of();
    }
    Set<String> followed = new LinkedHashSet<>(kafka.get().group().topics());
    boolean isBalanced = !followed.isEmpty();
    invalidators.forEach(invalidator -> followed.addAll(invalidator.topics()));
    // While the group has no member, or is rebalancing, its topics mean nothing.
    Stream<String> own =
        isBalanced
            ? kafka.get().topics().stream()
                .filter(topic -> topic.offsets().orElse(0L) > 0)
                .map(KafkaState.Topic::name)
            : Stream.empty();
    return Stream.concat(own, kafka.get().otherTopics().stream())
        .filter(topic -> !followed.contains(topic))
        .map(
            topic ->
                new Line(
                    "topic",
                    Health.YELLOW,
                    topic + ": published, and no invalidator follows",
                    "; name it in the KAFKA_PRODUCT_TOPIC of one, and its ..._ADMIN_URL here"))
        .toList();
  }

  boolean isRed() {
    return lines().anyMatch(line -> line.health() == Health.RED);
  }

  Stream<Line> lines() {
    return parts.stream().flatMap(part -> part.lines().stream());
  }

  /// Returns the summary: `1 of 7 red: relay, because it waits for PostgreSQL`.
  String summary() {
    List<Line> judged = lines().filter(line -> line.health() != Health.DETAIL).toList();
    List<String> worse =
        Stream.of(Health.RED, Health.YELLOW)
            .map(health -> judged.stream().filter(line -> line.health() == health).toList())
            .filter(lines -> !lines.isEmpty())
            .map(lines -> summary(lines, judged.size()))
            .toList();
    return worse.isEmpty() ? "all %d well".formatted(judged.size()) : String.join("; ", worse);
  }

  private static String summary(List<Line> lines, int of) {
    return "%d of %d %s: %s"
        .formatted(
            lines.size(),
            of,
            lines.getFirst().health() == Health.RED ? "red" : "yellow",
            String.join(
                "; ",
                lines.stream().map(line -> line.what() + ", because " + line.reason()).toList()));
  }

  ObjectNode json() {
    ObjectNode all = JsonNodeFactory.instance.objectNode();
    all.put("summary", summary()).put("ready", !isRed());
    var judged = all.putArray("parts");
    lines()
        .filter(line -> line.health() != Health.DETAIL)
        .forEach(
            line ->
                judged
                    .addObject()
                    .put("part", line.what())
                    .put("health", line.health().label())
                    .put("reason", line.reason() + line.more()));
    parts.forEach(part -> all.set(part.name(), part.json()));
    return all;
  }
}
