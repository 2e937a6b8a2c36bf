package dev.tidemark.service.settings;

import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/// Names of settings that begin with `TIDEMARK_`. Each program knows its own, and passes over those
/// of the other programs, whatever they are; every other name is a slip of the pen.
public final class SettingNames {

  private static final String OURS = "TIDEMARK_";

  /// What the settings of the programs of this system begin with.
  private static final List<String> PROGRAMS =
      List.of(
          "TIDEMARK_API_",
          "TIDEMARK_CONSOLE_",
          "TIDEMARK_DB_",
          "TIDEMARK_DEVSTACK_",
          "TIDEMARK_INVALIDATOR_",
          "TIDEMARK_RELAY_");

  private SettingNames() {}

  /// The names, in their order, that are settings of no program.
  ///
  /// @param names of all variables
  /// @param program what the caller's own settings begin with
  /// @param own whether a name is a setting of the caller
  public static List<String> unknown(Set<String> names, String program, Predicate<String> own) {
    if (!PROGRAMS.contains(program)) {
      throw new IllegalArgumentException(program + " is not among " + PROGRAMS);
    }
    return names.stream()
        .filter(name -> name.startsWith(OURS) && !own.test(name))
        .filter(name -> name.startsWith(program) || PROGRAMS.stream().noneMatch(name::startsWith))
        .sorted()
        .toList();
  }
}
