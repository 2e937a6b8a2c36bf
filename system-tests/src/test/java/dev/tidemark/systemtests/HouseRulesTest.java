package dev.tidemark.systemtests;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What of the house's rules a machine can check, each with its reason.
class HouseRulesTest {
  private static final JavaClasses TIDEMARK =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.tidemark");

  @ParameterizedTest
  @CsvSource({
    "service,     ''",
    "event,       ''",
    "cache,       ''",
    "db,          ''",
    "embedded,    ''",
    "api,         'service,db,event,cache'",
    "relay,       'service,db,event'",
    "invalidator, 'service,db,event,cache'",
    "devstack,    'embedded,event'",
    "benchmarks,  'embedded,cache,db,event,invalidator'",
  })
  void modulesDependDownwardsOnly(String module, String allowed) {
    var permitted =
        Stream.concat(Stream.of(module), Pattern.compile(",").splitAsStream(allowed))
            .map(name -> "dev.tidemark." + name)
            .toArray(String[]::new);
    noClasses()
        .that(resideInAPackage("dev.tidemark." + module))
        .should()
        .dependOnClassesThat(
            resideInAPackage("dev.tidemark..").and(resideOutsideOfPackages(permitted)))
        .because("a service can then be built, run and replaced without the others")
        .check(TIDEMARK);
  }

  /// `Binaries` asks where the user keeps caches; `RunningStack` which variables it must not hand
  /// on to the programs.
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

  /// Leases and values end by Redis's own clock, and what the process itself times by one that
  /// nobody sets.
  @Test
  void theCacheAsksNoWallClock_H19() {
    noClasses()
        .that(resideInAPackage("dev.tidemark.cache"))
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

  @ParameterizedTest
  @CsvSource({
    "io.debezium..,       relay,       Debezium.*",
    "org.apache.kafka..,  relay,       '(Kafka|Debezium|Resync).*'",
    "org.apache.kafka..,  invalidator,"
        + " '(Kafka|EventLoop|EventReading|Offsets|PendingEvictions|Evictor|DeadLetter|VersionGaps|Rewind|OperatorRun|Replay).*'",
    "org.apache.kafka..,  api,         'Kafka.*'",
    "redis.clients..,     cache,       '(Redis|Script|CommandBatch).*'",
    "redis.clients..,     invalidator, 'Main|Redis.*'",
    "redis.clients..,     api,         Main",
  })
  void clientLibrariesStayBehindTheClassesNamedForThem(
      String library, String module, String classes) {
    noClasses()
        .that(resideInAPackage("dev.tidemark." + module))
        .and(areNotNamed(classes))
        .should()
        .dependOnClassesThat()
        .resideInAPackage(library)
        .because("the library can then be changed, and the rest can be read without knowing it")
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
            new ArchCondition<>("call Locale.setDefault(Locale)") {
              @Override
              public void check(JavaMethod method, ConditionEvents events) {
                boolean calls =
                    method.getMethodCallsFromSelf().stream()
                        .map(call -> call.getTarget().getFullName())
                        .anyMatch("java.util.Locale.setDefault(java.util.Locale)"::equals);
                events.add(new SimpleConditionEvent(method, calls, method.getFullName()));
              }
            })
        .because("with the machine's language, header names and numbers change their letters")
        .check(TIDEMARK);
  }

  @Test
  void namesSaySomething() {
    noClasses()
        .should()
        .haveNameMatching(".*(Manager|Helper|Utils?|Processor|Impl|Data|Info)")
        .because("these words fit every class")
        .check(TIDEMARK);
  }

  /// JMH asks that a class of benchmarks is open, and generates subclasses of it.
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
            resideInAPackage("dev.tidemark.api")
                .or(resideInAPackage("dev.tidemark.relay"))
                .or(resideInAPackage("dev.tidemark.invalidator"))
                .or(resideInAPackage("dev.tidemark.cache")))
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .because("a log line has a time, a level and keys; a bare print has none")
        .check(TIDEMARK);
  }

  /// Nested classes count as the class that they stand in.
  private static DescribedPredicate<JavaClass> areNotNamed(String... patterns) {
    return are(
        "not named " + String.join(" or ", patterns),
        c -> {
          var outermost =
              c.getFullName().substring(c.getPackageName().length() + 1).replaceAll("\\$.*", "");
          return List.of(patterns).stream().noneMatch(outermost::matches);
        });
  }

  private static DescribedPredicate<JavaClass> are(String what, Predicate<JavaClass> predicate) {
    return DescribedPredicate.describe(what, predicate);
  }
}
