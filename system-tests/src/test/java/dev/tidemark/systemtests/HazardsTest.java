package dev.tidemark.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Comparison of `docs/hazards.md` with the code: a number in the name of a test leads to its
/// hazard, and a hazard leads to its tests.
class HazardsTest {
  private static final Path REPOSITORY = StackProcess.PROJECT;

  private static final Pattern NUMBER = Pattern.compile("(?:\\b|_)(H[1-9]\\d*[a-z]?)\\b");

  private static final Pattern SECTION =
      Pattern.compile("^### (H\\S+): [^#]*?^Tests: ([^.]+)\\.$", Pattern.MULTILINE);

  @Test
  void eachHazardNamesTheTestsThatBearItsNumber() throws IOException {
    var told = hazards();
    var found = new TreeMap<String, Set<String>>();
    for (var file : sources("/src/test/java/")) {
      var name = file.getFileName().toString().replace(".java", "");
      if (!name.equals(HazardsTest.class.getSimpleName())) {
        numbers(file)
            .map(number -> section(number, told.keySet()))
            .forEach(number -> found.computeIfAbsent(number, _ -> new TreeSet<>()).add(name));
      }
    }
    assertThat(told.keySet()).isEqualTo(found.keySet());
    told.forEach((number, classes) -> assertThat(classes).as(number).isEqualTo(found.get(number)));
  }

  @Test
  void eachNumberInTheProgramsIsAHazard() throws IOException {
    var told = hazards().keySet();
    for (var file : sources("/src/main/")) {
      assertThat(numbers(file).map(number -> section(number, told)))
          .as("%s", file)
          .isSubsetOf(told);
    }
  }

  private static Map<String, Set<String>> hazards() throws IOException {
    return SECTION
        .matcher(Files.readString(REPOSITORY.resolve("docs/hazards.md")))
        .results()
        .collect(
            Collectors.toMap(
                section -> section.group(1),
                section -> classes(section.group(2)),
                (a, _) -> a,
                TreeMap::new));
  }

  private static Set<String> classes(String tests) {
    return Arrays.stream(tests.replace("`", "").split(",\\s+"))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /// Returns the section of a hazard. Variants of one hazard, such as H46a and H46b, share its
  /// section, unless they have their own.
  private static String section(String number, Set<String> sections) {
    return sections.contains(number) ? number : number.replaceAll("[a-z]$", "");
  }

  private static Stream<String> numbers(Path file) throws IOException {
    return NUMBER.matcher(Files.readString(file)).results().map(match -> match.group(1));
  }

  private static Set<Path> sources(String part) throws IOException {
    try (var files = Files.walk(REPOSITORY)) {
      return files
          .filter(file -> file.toString().matches(".*\\.(java|lua|sql|py)"))
          .filter(file -> file.toString().contains(part))
          .collect(Collectors.toSet());
    }
  }
}
