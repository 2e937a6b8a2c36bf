package dev.tidemark.invalidator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.List;

/// How one part of the system was found just now. Immutable.
///
/// @param name by which the JSON has it
/// @param json all that is known of it
/// @param red whether somebody has to do something
/// @param lines the same for a human
record PartStatus(String name, JsonNode json, boolean red, List<Line> lines) {

  private static final String RED = "RED, ";

  /// @param what begins the line
  record Line(String what, String text) {}

  PartStatus {
    lines = List.copyOf(lines);
  }

  /// One that gave no answer.
  ///
  /// @param what begins its line
  /// @param reason in words that tell what to do
  static PartStatus unanswered(String name, String what, String reason) {
    return new PartStatus(
        name,
        JsonNodeFactory.instance.objectNode().put("ready", false).put("reason", reason),
        true,
        List.of(new Line(what, RED + reason)));
  }

  /// One that could not be asked, because nobody says where it is.
  static PartStatus notAsked(String name, String variable) {
    String reason = "not asked: " + variable + " is not set, nor --data DIR";
    return new PartStatus(
        name,
        JsonNodeFactory.instance.objectNode().put("reason", reason),
        false,
        List.of(new Line(name, reason)));
  }

  /// The beginning of a part's first line.
  static String wellOrRed(boolean well, String reason) {
    return (well ? "well, " : RED) + reason;
  }
}
