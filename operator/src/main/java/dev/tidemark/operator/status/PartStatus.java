package dev.tidemark.operator.status;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// State of one part of the system, as found just now. Immutable.
///
/// @param <F> what other parts need to know of this one
/// @param name by which the JSON has it
/// @param json all that is known of it
/// @param facts empty when it gave no answer
/// @param silence why it gave no answer in time, if it did not
/// @param lines the same for a human
record PartStatus<F>(
    String name, JsonNode json, Optional<F> facts, Silence silence, List<Line> lines) {

  private static final String STARVED =
      "not known: this machine is so busy that the answer was not there in time; try a longer"
          + " --timeout";

  /// Reason why there is no answer in time.
  enum Silence {
    /// There is one, or the reason is another.
    NONE,
    /// It was asked, and is late.
    LATE,
    /// There was no time to ask it.
    UNASKED
  }

  /// One line.
  ///
  /// @param what begins the line
  /// @param reason why the health is what it is
  /// @param more goes on where the reason ends
  record Line(String what, Health health, String reason, String more) {

    static Line detail(String what, String text) {
      return new Line(what, Health.DETAIL, text, "");
    }

    static Line wellOrRed(String what, boolean well, String text) {
      return new Line(what, well ? Health.WELL : Health.RED, text, "");
    }

    String text() {
      return switch (health) {
        case DETAIL -> reason + more;
        case WELL -> "well, " + reason + more;
        case YELLOW -> "YELLOW, " + reason + more;
        case RED -> "RED, " + reason + more;
      };
    }
  }

  PartStatus {
    lines = List.copyOf(lines);
  }

  /// Returns a part that has answered.
  static <F> PartStatus<F> answered(String name, JsonNode json, F facts, List<Line> lines) {
    return new PartStatus<>(name, json, Optional.of(facts), Silence.NONE, lines);
  }

  /// Returns a part that gave no answer.
  ///
  /// @param what begins its line
  /// @param reason in words
  /// @param remedy what to do
  static <F> PartStatus<F> unanswered(String name, String what, String reason, String remedy) {
    return red(name, what, reason, remedy, Silence.NONE);
  }

  /// Returns a part that gave no answer in time. A neighbour may know more.
  static <F> PartStatus<F> late(String name, String what, String reason, String remedy) {
    return red(name, what, reason, remedy, Silence.LATE);
  }

  private static <F> PartStatus<F> red(
      String name, String what, String reason, String remedy, Silence silence) {
    String more = ": " + remedy;
    return new PartStatus<>(
        name,
        JsonNodeFactory.instance.objectNode().put("ready", false).put("reason", reason + more),
        Optional.empty(),
        silence,
        List.of(new Line(what, Health.RED, reason, more)));
  }

  /// Returns a part about which nothing is known, because there was no time left to ask it. That is
  /// not its fault.
  static <F> PartStatus<F> unknown(String name, String what) {
    return new PartStatus<>(
        name, notKnown(STARVED), Optional.empty(), Silence.UNASKED, List.of(yellow(what, STARVED)));
  }

  private static ObjectNode notKnown(String reason) {
    return JsonNodeFactory.instance.objectNode().put("unknown", true).put("reason", reason);
  }

  private static Line yellow(String what, String reason) {
    return new Line(what, Health.YELLOW, reason, "");
  }

  /// Returns a part that could not be asked, because its address is not set.
  static <F> PartStatus<F> notAsked(String name, String variable) {
    String reason = "not asked: " + variable + " is not set, nor --data DIR";
    return new PartStatus<>(
        name,
        JsonNodeFactory.instance.objectNode().put("reason", reason),
        Optional.empty(),
        Silence.NONE,
        List.of(Line.detail(name, reason)));
  }

  /// Returns the same part, yellow where it is late: another part reaches it, so it cannot be away.
  ///
  /// @param neighbours who says so
  /// @param starved whether this command had too little time itself, so that late says nothing
  PartStatus<F> reachedBy(List<String> neighbours, boolean starved) {
    if (silence != Silence.LATE || (neighbours.isEmpty() && !starved)) {
      return this;
    }
    String reason =
        neighbours.isEmpty()
            ? STARVED
            : "slow to answer, but reached by the " + String.join(" and the ", neighbours);
    return new PartStatus<>(
        name,
        notKnown(reason),
        Optional.empty(),
        Silence.NONE,
        List.of(yellow(lines.getFirst().what(), reason)));
  }

  /// Returns the same part with an addition to its first line.
  PartStatus<F> withNote(String note) {
    Line first = lines.getFirst();
    List<Line> noted = new ArrayList<>(lines);
    noted.set(
        0, new Line(first.what(), first.health(), first.reason(), first.more() + "; " + note));
    return new PartStatus<>(name, json, facts, silence, noted);
  }

  /// Returns the same part with more lines.
  PartStatus<F> with(List<Line> added) {
    List<Line> all = new ArrayList<>(lines);
    all.addAll(added);
    return new PartStatus<>(name, json, facts, silence, all);
  }
}
