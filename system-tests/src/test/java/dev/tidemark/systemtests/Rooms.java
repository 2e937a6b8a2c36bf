package dev.tidemark.systemtests;

import static java.util.stream.Collectors.toMap;
import static java.util.stream.Collectors.toSet;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The plan of the house: the modules with their rooms (packages), and which of them may use which.
final class Rooms {

  /// A line without indent is a module and the modules, or single rooms of them, that its code may
  /// use. Below it are its rooms, each with the rooms of the same module that it may use; `.` is
  /// the room of the module itself.
  private static final String PLAN =
      """
      event
        .
      cache
        redis        store
        .            store
        store
      service
        program      settings
        http         settings status
        settings
        status
      db service
        .
      embedded
        .
      api event cache service
        .            feed http imports problem product resources store
        resources    http problem product store
        imports      http problem product store
        http         problem product store
        store        problem product
        product      problem
        problem
        feed
      relay event service
        .            checks session settings status
        session      checks settings sink source status
        resync       settings sink
        checks       settings sink status
        sink         settings source status
        status
        source       settings
        settings
      invalidation event cache service
        .
      invalidator event cache service invalidation
        .            audit events live offsets settings status
        live         events offsets settings status
        status       offsets settings
        offsets      settings
        audit        events settings
        settings
        events
      operator event cache service invalidation relay.resync
        .            audit deadletters rebuild replay run status
        status       audit deadletters run topics
        replay       run topics
        rebuild      run topics
        deadletters  run topics
        topics       run
        audit        run
        run
      devstack event embedded
        .            demo importing screen stack
        importing    client screen stack
        demo         client screen stack
        client       stack
        stack        screen
        screen
      benchmarks event cache service db embedded operator
        .
      """;

  /// Packages that may use a library. It is unknown elsewhere, so that it can be changed, and the
  /// rest can be read without it. The room of a test is not checked.
  private static final String LIBRARIES =
      """
      io.debezium         relay.source
      org.apache.kafka    api.feed devstack.demo embedded invalidation invalidator.audit invalidator.events invalidator.live invalidator.offsets invalidator.status operator.deadletters operator.rebuild operator.replay operator.run operator.status operator.topics relay.checks relay.resync relay.sink relay.source
      redis.clients       cache.redis devstack.demo operator.status
      org.jdbi            api api.store devstack.demo invalidation relay relay.checks relay.resync relay.session relay.sink relay.status
      com.zaxxer          api api.store devstack.demo
      io.helidon          api api.http api.imports api.problem api.resources api.store invalidator invalidator.settings relay relay.status service.http
      """;

  /// Packages with more files than [#MOST_FILES], and the reason why each is not split.
  static final Map<String, String> LARGE =
      Map.of("benchmarks", "each benchmark is a class of its own, with what it measures beside it");

  static final int MOST_FILES = 25;

  private static final Map<String, Set<String>> modules = new LinkedHashMap<>();
  private static final Map<String, Set<String>> rooms = new LinkedHashMap<>();

  static {
    String module = "";
    for (String line : PLAN.lines().toList()) {
      List<String> words = Pattern.compile("\\s+").splitAsStream(line.strip()).toList();
      Set<String> others = Set.copyOf(words.subList(1, words.size()));
      if (line.startsWith(" ")) {
        String at = module;
        rooms.put(
            room(at, words.getFirst()),
            others.stream().map(other -> room(at, other)).collect(toSet()));
      } else {
        module = words.getFirst();
        modules.put(module, others);
      }
    }
  }

  private Rooms() {}

  private static String room(String module, String name) {
    return name.equals(".") ? module : module + "." + name;
  }

  /// Returns the modules, by the name of their package below `dev.tidemark`.
  static Set<String> modules() {
    return modules.keySet();
  }

  /// Returns the rooms of all modules, in the form `relay.sink`.
  static Set<String> rooms() {
    return rooms.keySet();
  }

  static String moduleOf(String room) {
    return room.replaceFirst("\\..*", "");
  }

  /// Returns whether one room may use another.
  static boolean allows(String from, String to) {
    String module = moduleOf(from);
    return moduleOf(to).equals(module)
        ? from.equals(to) || rooms.getOrDefault(from, Set.of()).contains(to)
        : modules.getOrDefault(module, Set.of()).stream()
            .anyMatch(other -> other.equals(moduleOf(to)) || other.equals(to));
  }

  /// Returns the arrows between rooms of one module, in the form `relay.session -> relay.sink`.
  static Set<String> arrows() {
    Set<String> arrows = new TreeSet<>();
    rooms.forEach((from, others) -> others.forEach(to -> arrows.add(from + " -> " + to)));
    modules.forEach((from, others) -> others.forEach(to -> arrows.add(from + " => " + to)));
    return arrows;
  }

  /// Returns the rooms that may use a library, by the library's package.
  static Map<String, Set<String>> libraries() {
    return LIBRARIES
        .lines()
        .map(line -> Pattern.compile("\\s+").splitAsStream(line.strip()).toList())
        .collect(toMap(List::getFirst, words -> Set.copyOf(words.subList(1, words.size()))));
  }

  static Stream<String> packages(Set<String> rooms) {
    return rooms.stream().map(room -> "dev.tidemark." + room);
  }
}
