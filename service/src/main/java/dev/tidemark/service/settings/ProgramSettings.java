package dev.tidemark.service.settings;

import static java.util.stream.Collectors.toSet;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.LoggerFactory;

/// Settings of one program. They are checked together, so that all faults are reported at once.
///
/// @param program as a message calls it, "the relay"
/// @param prefix what the names of its own variables begin with
public record ProgramSettings(String program, String prefix, List<Setting<?>> settings) {

  public static final Setting<Boolean> TELEMETRY_NOTE =
      Setting.note("OTEL_<NAME>", "as OpenTelemetry defines them");

  public static final Setting<Boolean> SECRET_NOTE =
      Setting.note("<NAME>_FILE", "of a secret: a file that holds it");

  private static final String OURS = "TIDEMARK_";

  /// Prefixes of the names of the settings of all programs of this system.
  private static final List<String> PREFIXES =
      List.of(
          "TIDEMARK_API_",
          "TIDEMARK_CONSOLE_",
          "TIDEMARK_DB_",
          "TIDEMARK_DEVSTACK_",
          "TIDEMARK_INVALIDATOR_",
          "TIDEMARK_OPERATOR_",
          "TIDEMARK_RELAY_");

  public ProgramSettings {
    if (!PREFIXES.contains(prefix)) {
      throw new IllegalArgumentException(prefix + " is not among " + PREFIXES);
    }
    settings = List.copyOf(settings);
  }

  /// Checks every setting of the program.
  ///
  /// @return the environment to read them from
  /// @throws InvalidSettings when anything is wrong
  public Map<String, String> check(Map<String, String> variables) {
    return check(variables, settings);
  }

  /// Checks those settings that a command needs, and that no name is misspelt.
  ///
  /// @return the environment to read them from
  /// @throws InvalidSettings when anything is wrong
  public Map<String, String> check(
      Map<String, String> variables, Collection<? extends Setting<?>> needed) {
    Map<String, String> environment =
        ServiceLinks.passedOver(variables, LoggerFactory.getLogger(ProgramSettings.class)::info);
    List<String> faults = new ArrayList<>();
    Set<String> own =
        settings.stream().flatMap(setting -> setting.names().stream()).collect(toSet());
    unknown(environment.keySet(), own)
        .forEach(
            name ->
                faults.add(
                    "%s is not a setting of %s; there are %s"
                        .formatted(
                            name,
                            program,
                            String.join(
                                ", ",
                                own.stream().filter(n -> n.startsWith(OURS)).sorted().toList()))));
    for (Setting<?> setting : needed) {
      try {
        setting.from(environment);
      } catch (IllegalArgumentException e) {
        faults.add(String.valueOf(e.getMessage()));
      }
    }
    if (!faults.isEmpty()) {
      throw new InvalidSettings(faults);
    }
    return environment;
  }

  /// Returns unknown names. A program ignores the settings of the others, whatever they are; every
  /// other name with such a prefix is a spelling mistake.
  private List<String> unknown(Set<String> names, Set<String> own) {
    return names.stream()
        .filter(name -> name.startsWith(OURS) && !own.contains(name))
        .filter(name -> name.startsWith(prefix) || PREFIXES.stream().noneMatch(name::startsWith))
        .sorted()
        .toList();
  }
}
