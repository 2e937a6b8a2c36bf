package dev.tidemark.operator.status;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemark.operator.deadletters.DeadLetterCount;
import dev.tidemark.operator.deadletters.DeadLetterView;
import dev.tidemark.operator.status.PartStatus.Line;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// State of the parts of a system, each seen together with the others: a neighbour may know facts
/// that a part did not report in time. Immutable.
record SystemStatus(List<PartStatus> parts) {

  SystemStatus {
    parts = List.copyOf(parts);
  }

  /// @param invalidators each of them
  /// @param now for the ages of what is old
  static SystemStatus of(
      PartStatus relay,
      PartStatus kafka,
      List<PartStatus> invalidators,
      PartStatus redis,
      PartStatus api,
      Instant now) {
    boolean starved =
        Stream.concat(Stream.of(relay, kafka, redis, api), invalidators.stream())
            .anyMatch(PartStatus::isUnknown);
    PartStatus seenKafka = kafka.reachedBy(reachKafka(relay, invalidators), starved);
    PartStatus seenRedis = redis.reachedBy(reachRedis(api, invalidators), starved);
    PartStatus seenRelay = relay.reachedBy(List.of(), starved);
    boolean hasMembers = kafka.json().at("/group/members").asInt() > 0;
    List<String> group = hasMembers ? List.of("group's coordinator in Kafka") : List.of();
    PartStatus all =
        InvalidatorPart.all(
            invalidators.stream().map(one -> one.reachedBy(group, starved)).toList());
    JsonNode letters = kafka.json().path("deadLetters");
    boolean isAsked = !kafka.json().path("topics").isMissingNode();
    List<PartStatus> parts = new ArrayList<>();
    parts.add(
        isAsked
            ? seenRelay.withNote(DeadLetterCount.text(letters.path(DeadLetterView.RELAY), now))
            : seenRelay);
    parts.add(seenKafka.with(unfollowed(kafka, all)));
    parts.add(
        isAsked
            ? all.withNote(DeadLetterCount.text(letters.path(DeadLetterView.INVALIDATOR), now))
            : all);
    parts.add(seenRedis);
    parts.add(api.reachedBy(List.of(), starved));
    parts.add(AuditPart.of(redis, all));
    return new SystemStatus(parts);
  }

  private static List<String> reachKafka(PartStatus relay, List<PartStatus> invalidators) {
    List<String> neighbours = new ArrayList<>();
    if (relay.json().path("ready").asBoolean()) {
      neighbours.add("relay");
    }
    if (invalidators.stream().anyMatch(one -> answersWithout(one, "kafka"))) {
      neighbours.add("invalidator");
    }
    return neighbours;
  }

  private static List<String> reachRedis(PartStatus api, List<PartStatus> invalidators) {
    List<String> neighbours = new ArrayList<>();
    if (api.json().path("redis").asText().equals("answers")) {
      neighbours.add("product API");
    }
    if (invalidators.stream().anyMatch(one -> answersWithout(one, "redis"))) {
      neighbours.add("invalidator");
    }
    return neighbours;
  }

  private static boolean answersWithout(PartStatus invalidator, String obstacle) {
    return invalidator.json().path("ready").asBoolean()
        || (invalidator.json().has("waitingFor")
            && !invalidator.json().path("waitingFor").has(obstacle));
  }

  /// Returns lines for topics with events that neither the group nor any invalidator that was asked
  /// has.
  private static List<Line> unfollowed(PartStatus kafka, PartStatus invalidators) {
    Set<String> followed = new LinkedHashSet<>();
    texts(kafka.json().at("/group/topics")).forEach(followed::add);
    boolean isBalanced = !followed.isEmpty();
    for (JsonNode invalidator : invalidators.json()) {
      texts(invalidator.path("topics")).forEach(followed::add);
    }
    // While the group has no member, or is rebalancing, its topics mean nothing.
    Stream<String> own =
        isBalanced
            ? elements(kafka.json().path("topics"))
                .filter(topic -> topic.path("offsets").asLong() > 0)
                .map(topic -> topic.path("name").asText())
            : Stream.empty();
    return Stream.concat(own, texts(kafka.json().path("otherTopics")))
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

  private static Stream<String> texts(JsonNode array) {
    return elements(array).map(JsonNode::asText);
  }

  private static Stream<JsonNode> elements(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
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
