package dev.tidemark.invalidator.settings;

import dev.tidemark.service.settings.Secret;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The variables of the environment: reads them one by one, notes each fault, and goes on with
/// something, so that all faults are told at once. Confined to one thread.
public final class Environment {

  private final Map<String, String> variables;
  private final List<String> faults = new ArrayList<>();

  public Environment(Map<String, String> variables) {
    this.variables = Map.copyOf(variables);
  }

  public Map<String, String> variables() {
    return variables;
  }

  public void fault(String words) {
    faults.add(words);
  }

  /// To be called when everything was read.
  ///
  /// @throws Configuration.Invalid when anything was wrong
  public void check() {
    if (!faults.isEmpty()) {
      throw new Configuration.Invalid(faults);
    }
  }

  String text(String name) {
    String value = variables.getOrDefault(name, "").strip();
    if (value.isEmpty()) {
      fault(name + " is not set");
    }
    return value;
  }

  String text(String name, String otherwise) {
    return variables.getOrDefault(name, otherwise);
  }

  public List<String> list(String name, String otherwise) {
    return Stream.of(text(name, otherwise).split(",", -1)).map(String::strip).distinct().toList();
  }

  /// From the variable, or from the file that `NAME_FILE` names.
  String secret(String name) {
    try {
      String value = Secret.read(name, variables).orElse("").strip();
      if (value.isEmpty()) {
        fault(name + " is not set");
      }
      return value;
    } catch (IllegalArgumentException e) {
      fault(String.valueOf(e.getMessage()));
      return "";
    }
  }

  public int number(String name, int otherwise, int least, int most) {
    String value = variables.get(name);
    if (value == null) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(value.strip());
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException notANumber) {
      // Told below, together with a number out of range.
    }
    fault("%s is '%s', but must be a number from %d to %d".formatted(name, value, least, most));
    return otherwise;
  }
}
