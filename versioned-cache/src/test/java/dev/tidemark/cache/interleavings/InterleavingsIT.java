package dev.tidemark.cache.interleavings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.cache.redis.ProtocolScripts;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Test that the promises of the protocol hold in every interleaving of small programs, run with
/// the real scripts in a real Redis.
class InterleavingsIT {

  private static final Logger log = LoggerFactory.getLogger(InterleavingsIT.class);

  @TempDir static Path dir;
  private static ExplorerRedis redis;
  private static Exploration total = Exploration.NONE;

  private final Explorer explorer = redis.explorer(ProtocolScripts.ofTheLibrary());

  @BeforeAll
  static void start() {
    redis = ExplorerRedis.start(dir);
  }

  @AfterAll
  static void stop() {
    redis.close();
    log.info("small programs together: {}", total);
  }

  static List<Program> small() {
    return Programs.small();
  }

  static List<Program> large() {
    return Programs.large();
  }

  static List<Program> everything() {
    return Programs.everything();
  }

  @ParameterizedTest
  @MethodSource("small")
  void eachInterleavingRunByItselfKeepsThePromises(Program program) {
    Exploration exploration = explorer.tree(program);
    thenHolds(program, exploration);
    total = total.and(exploration);
  }

  @ParameterizedTest
  @MethodSource("large")
  void interleavingsThatMeetInOneSituationKeepThePromises(Program program) {
    thenHolds(program, explorer.merged(program));
  }

  /// This runs about 22 million steps, which takes minutes.
  @ParameterizedTest
  @MethodSource("everything")
  @EnabledIfSystemProperty(named = "explore", matches = "everything")
  void everythingAtOnceKeepsThePromises(Program program) {
    thenHolds(program, explorer.merged(program));
  }

  private static void thenHolds(Program program, Exploration exploration) {
    log.info("{}: {}", program, exploration);
    assertThat(exploration.violation()).isEmpty();
  }
}
