package dev.tidemark.systemtests;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toCollection;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaConstructor;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// House rules that a machine can check, each with its reason.
class HouseRulesTest {
  private static final Pattern CONTORTED =
      Pattern.compile("///\\s*(What|How|Whether|Where|Who|Which|As|Of|When|Why|Whoever)\\b");

  /// Calls that start a thread or a process, or open a connection, a port or a file.
  ///
  /// @param names pattern of the method's name; `<init>` is the constructor
  private record Start(String type, String names) {}

  private static final List<Start> STARTS =
      List.of(
          new Start("java.lang.Thread", "start|startVirtualThread"),
          new Start("java.lang.Thread$Builder", "start"),
          new Start("java.util.concurrent.Executor", "execute|submit|schedule.*|invoke.*"),
          new Start("java.lang.ProcessBuilder", "start"),
          new Start("java.nio.file.Files", "create.*|write.*|new.*"),
          new Start("java.nio.channels.FileChannel", "open"),
          new Start("java.net.ServerSocket", "<init>"),
          new Start("javax.sql.DataSource", "getConnection"),
          new Start("java.sql.DriverManager", "getConnection"),
          new Start("org.jdbi.v3.core.Jdbi", "open|withHandle|useHandle|.*Transaction"),
          new Start("com.zaxxer.hikari.HikariDataSource", "<init>"),
          new Start("org.apache.kafka.clients.admin.Admin", "create"),
          new Start("org.apache.kafka.clients.consumer.Consumer", "<init>"),
          new Start("org.apache.kafka.clients.producer.Producer", "<init>|initTransactions"),
          new Start("redis.clients.jedis.UnifiedJedis", "<init>"),
          new Start("redis.clients.jedis.Jedis", "<init>"),
          new Start("io.helidon.webserver.WebServer", "start"),
          new Start("java.lang.AutoCloseable", "open|start|listen"));

  private static final JavaClasses TIDEMARK =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("dev.tidemark");

  /// The plan is [Rooms]. It has no arrow that the code does not need.
  @Test
  void roomsUseEachOtherAsPlanned() {
    Set<String> wrong = new TreeSet<>();
    Set<String> unused = new TreeSet<>(Rooms.arrows());
    for (JavaClass c : TIDEMARK) {
      String from = room(c);
      assertThat(Rooms.rooms()).as("the plan in Rooms").contains(from);
      for (Dependency arrow : c.getDirectDependenciesFromSelf()) {
        JavaClass target = arrow.getTargetClass().getBaseComponentType();
        if (target.getPackageName().startsWith("dev.tidemark")) {
          String to = room(target);
          unused.remove(from + " -> " + to);
          unused.remove(Rooms.moduleOf(from) + " => " + Rooms.moduleOf(to));
          unused.remove(Rooms.moduleOf(from) + " => " + to);
          if (!Rooms.allows(from, to)) {
            wrong.add(from + " -> " + to + ": " + arrow.getDescription());
          }
        }
      }
    }
    assertThat(wrong).as("arrows that the plan in Rooms does not have").isEmpty();
    assertThat(unused).as("arrows of the plan in Rooms that nothing needs").isEmpty();
  }

  static Set<String> modules() {
    return Rooms.modules();
  }

  @ParameterizedTest
  @MethodSource("modules")
  void roomsOfAModuleHaveNoCycle(String module) {
    slices()
        .assignedFrom(
            new SliceAssignment() {
              @Override
              public SliceIdentifier getIdentifierOf(JavaClass c) {
                return Rooms.moduleOf(room(c)).equals(module)
                    ? SliceIdentifier.of(c.getPackageName())
                    : SliceIdentifier.ignore();
              }

              @Override
              public String getDescription() {
                return "rooms of " + module;
              }
            })
        .should()
        .beFreeOfCycles()
        .because("a room can then be read, and tested, with only those below it")
        .check(TIDEMARK);
  }

  static Set<String> libraries() {
    return Rooms.libraries().keySet();
  }

  @ParameterizedTest
  @MethodSource("libraries")
  void clientLibrariesStayInTheirRooms(String library) {
    Set<String> allowed = Rooms.libraries().get(library);
    Set<String> users =
        TIDEMARK.stream()
            .filter(
                c ->
                    c.getDirectDependenciesFromSelf().stream()
                        .anyMatch(d -> d.getTargetClass().getPackageName().startsWith(library)))
            .map(HouseRulesTest::room)
            .filter(room -> !Rooms.moduleOf(room).equals("benchmarks"))
            .collect(toCollection(TreeSet::new));
    assertThat(users)
        .as("rooms that know %s, as the plan in Rooms has them", library)
        .isEqualTo(new TreeSet<>(allowed));
  }

  @Test
  void roomsAreDescribedAndCanBeOverseen() throws IOException {
    try (Stream<Path> files = Files.walk(StackProcess.PROJECT)) {
      Map<Path, Long> sizes =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> file.toString().contains("/src/main/java/dev/tidemark/"))
              .filter(file -> !file.toString().contains("/target/"))
              .collect(groupingBy(Path::getParent, counting()));
      assertThat(sizes).hasSizeGreaterThan(20);
      sizes.forEach(
          (folder, size) -> {
            String room = folder.toString().replaceAll(".*/dev/tidemark/", "").replace('/', '.');
            if (!Rooms.LARGE.containsKey(room)) {
              assertThat(size).as("files in " + folder).isLessThanOrEqualTo(Rooms.MOST_FILES);
            }
            assertThat(folder.resolve("package-info.java"))
                .as("what the room is for, the way data takes, what it must not know")
                .satisfiesAnyOf(
                    file -> assertThat(file).exists(),
                    _ -> assertThat(room).as("only benchmarks").isEqualTo("cache.redis"));
          });
    }
  }

  @Test
  void docCommentsBeginWithANounOrAVerb() throws IOException {
    List<String> wrong = new ArrayList<>();
    for (Path file : mainSources()) {
      String before = "";
      int number = 0;
      for (String line : Files.readAllLines(file)) {
        number++;
        if (!before.startsWith("///") && CONTORTED.matcher(line.strip()).lookingAt()) {
          wrong.add("%s:%d: %s".formatted(file, number, line.strip()));
        }
        before = line.strip();
      }
    }
    assertThat(wrong).as("a reader looks for the thing or the action").isEmpty();
  }

  @Test
  void isAndHasAndCanAreQuestions() {
    methods()
        .that()
        .haveNameMatching("(is|has|can)([A-Z].*)?")
        .and()
        .doNotHaveModifier(JavaModifier.SYNTHETIC)
        .should()
        .haveRawReturnType(boolean.class)
        .because("what is asked with these words is answered with yes or no")
        .check(TIDEMARK);
  }

  /// A constructor that only its own class can call may start something: it is behind a method with
  /// a name for that, as `open` or `start`.
  @Test
  void constructorsStartNothing() {
    Set<String> wrong = new TreeSet<>();
    for (JavaClass c : TIDEMARK) {
      for (JavaConstructor constructor : c.getConstructors()) {
        if (!constructor.getModifiers().contains(JavaModifier.PRIVATE)
            && !c.getPackageName().contains("jmh_generated")) {
          callsAtOnce(constructor)
              .filter(HouseRulesTest::startsSomething)
              .forEach(call -> wrong.add(call.getDescription()));
        }
      }
    }
    assertThat(wrong)
        .as("who creates a thing decides when it starts, and can close it when a later one fails")
        .isEmpty();
  }

  /// Returns the calls that run when a constructor is called: its own, and those of the methods of
  /// its class that it calls. The body of a lambda runs later.
  private static Stream<JavaCall<?>> callsAtOnce(JavaConstructor constructor) {
    Set<JavaCodeUnit> seen = new HashSet<>();
    Deque<JavaCodeUnit> open = new ArrayDeque<>(List.of(constructor));
    Set<JavaCall<?>> calls = new HashSet<>();
    while (!open.isEmpty()) {
      JavaCodeUnit unit = open.pop();
      if (seen.add(unit)) {
        for (JavaCall<?> call : unit.getCallsFromSelf()) {
          if (!call.isDeclaredInLambda()) {
            calls.add(call);
            call.getTarget()
                .resolveMember()
                .filter(target -> target.getOwner().equals(constructor.getOwner()))
                .ifPresent(open::push);
          }
        }
      }
    }
    return calls.stream();
  }

  private static boolean startsSomething(JavaCall<?> call) {
    JavaClass owner = call.getTargetOwner();
    String name = call.getName();
    return STARTS.stream()
        .anyMatch(start -> owner.isAssignableTo(start.type()) && name.matches(start.names()));
  }

  /// `Binaries` reads where the user keeps caches, and `RunningStack` which variables it must not
  /// pass on to the programs.
  @Test
  void onlyConfigurationAndMainReadTheEnvironment() {
    noClasses()
        .that(areNotNamed("Configuration", "Main", "Binaries", "RunningStack"))
        .should()
        .callMethod(System.class, "getenv")
        .orShould()
        .callMethod(System.class, "getenv", String.class)
        .because("every setting is checked in one place, before anything starts")
        .check(TIDEMARK);
  }

  @Test
  void onlyWiringAndBackoffReadTheClockOrSleep() {
    noClasses()
        .that(areNotNamed("Main", "Service", "Backoff"))
        .should()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Clock.class, "systemUTC")
        .orShould()
        .callMethod(Thread.class, "sleep", long.class)
        .orShould()
        .callMethod(Thread.class, "sleep", Duration.class)
        .because("a clock that is given can be moved by a test; local timers use nanoTime")
        .check(TIDEMARK);
  }

  /// Leases and values end by Redis's own clock, and the process measures its own times by a clock
  /// that nobody sets.
  @Test
  void theCacheAsksNoWallClock_H19() {
    noClasses()
        .that(resideInAPackage("dev.tidemark.cache.."))
        .should()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(Clock.class)
        .because("a clock that is set back or ahead would make a lease, or distrust, too short")
        .check(TIDEMARK);
  }

  @Test
  void logLinesHaveDateAndZone() throws IOException {
    try (Stream<Path> files =
        Files.find(
            StackProcess.PROJECT,
            10,
            (file, _) ->
                file.toString().endsWith("logback.xml")
                    && file.toString().contains("/src/main/resources/"))) {
      List<Path> configurations = files.toList();
      assertThat(configurations).hasSizeGreaterThan(5);
      for (Path configuration : configurations) {
        assertThat(Files.readString(configuration))
            .as(configuration.toString())
            .contains("<pattern>%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level");
      }
    }
  }

  @Test
  void programsAreInNoLanguage_H61() {
    methods()
        .that()
        .haveName("main")
        .and()
        .areStatic()
        .should(
            new ArchCondition<>("call Locale.setDefault(Locale), or a method that does") {
              @Override
              public void check(JavaMethod method, ConditionEvents events) {
                boolean calls =
                    setsLocale(method)
                        || method.getMethodCallsFromSelf().stream()
                            .flatMap(call -> call.getTarget().resolveMember().stream())
                            .anyMatch(HouseRulesTest::setsLocale);
                events.add(new SimpleConditionEvent(method, calls, method.getFullName()));
              }
            })
        .because("with the machine's language, header names and numbers change their letters")
        .check(TIDEMARK);
  }

  private static boolean setsLocale(JavaMethod method) {
    return method.getMethodCallsFromSelf().stream()
        .map(call -> call.getTarget().getFullName())
        .anyMatch("java.util.Locale.setDefault(java.util.Locale)"::equals);
  }

  @Test
  void namesSaySomething() {
    noClasses()
        .should()
        .haveNameMatching(".*(Manager|Helper|Utils?|Processor|Impl|Data|Info)")
        .because("these words fit every class")
        .check(TIDEMARK);
  }

  /// JMH requires that a class of benchmarks is open, and generates subclasses of it.
  @Test
  void nothingIsOpenToInheritanceByAccident() {
    classes()
        .that()
        .areNotAnnotatedWith("org.openjdk.jmh.annotations.State")
        .and()
        .resideOutsideOfPackage("..jmh_generated..")
        .and(
            are(
                "neither abstract nor an interface nor a test",
                c ->
                    !c.getModifiers().contains(JavaModifier.ABSTRACT)
                        && !c.isInterface()
                        && !c.isEnum()
                        && !c.isAnonymousClass()))
        .should()
        .haveModifier(JavaModifier.FINAL)
        .because("a class that was not made for inheritance is final")
        .check(TIDEMARK);
  }

  @Test
  void servicesSpeakThroughTheLog() {
    noClasses()
        .that(
            resideInAPackage("dev.tidemark.api..")
                .or(resideInAPackage("dev.tidemark.relay.."))
                .or(resideInAPackage("dev.tidemark.invalidator.."))
                .or(resideInAPackage("dev.tidemark.cache..")))
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .because("a log line has a time, a level and keys; a bare print has none")
        .check(TIDEMARK);
  }

  /// Returns the room, for example `relay.sink` for a class of the package
  /// `dev.tidemark.relay.sink`. Code that JMH generates belongs to the package of its benchmark.
  private static String room(JavaClass c) {
    return c.getPackageName().replaceFirst("^dev[.]tidemark[.]", "").replace(".jmh_generated", "");
  }

  /// Matches classes by name. Nested classes count as the class that contains them.
  private static DescribedPredicate<JavaClass> areNotNamed(String... patterns) {
    return are(
        "not named " + String.join(" or ", patterns),
        c -> {
          var outermost =
              c.getFullName().substring(c.getPackageName().length() + 1).replaceAll("\\$.*", "");
          return List.of(patterns).stream().noneMatch(outermost::matches);
        });
  }

  private static List<Path> mainSources() throws IOException {
    try (Stream<Path> files = Files.walk(StackProcess.PROJECT)) {
      List<Path> sources =
          files
              .filter(file -> file.toString().endsWith(".java"))
              .filter(file -> file.toString().contains("/src/main/java/"))
              .filter(file -> !file.toString().contains("/target/"))
              .toList();
      assertThat(sources).hasSizeGreaterThan(200);
      return sources;
    }
  }

  private static DescribedPredicate<JavaClass> are(String what, Predicate<JavaClass> predicate) {
    return DescribedPredicate.describe(what, predicate);
  }
}
