package dev.tidemark.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Each guard of the protocol is needed: without it there is an interleaving that breaks a promise,
/// and this is the shortest.
class RemovedGuardsIT {

  private static final ProtocolScripts WHOLE = ProtocolScripts.ofTheLibrary();

  @TempDir static Path dir;
  private static ExplorerRedis redis;

  @BeforeAll
  static void start() {
    redis = ExplorerRedis.start(dir);
  }

  @AfterAll
  static void stop() {
    redis.close();
  }

  @Test
  void withoutTheFloorASlowFillStoresWhatWasEvicted_H1() {
    ProtocolScripts scripts =
        WHOLE.with("fill", "if tonumber(ARGV[2]) < tonumber(floor) then", "if false then");
    thenBreaks(scripts, Programs.guarded(), "x");
  }

  @Test
  void withoutRaisingTheFloorASlowFillStoresWhatWasEvicted_H1() {
    ProtocolScripts scripts = WHOLE.with("evict", "'L' .. ARGV[1] .. ':'", "'L' .. floor .. ':'");
    thenBreaks(scripts, Programs.guarded(), "x");
  }

  @Test
  void withAFloorThatFallsALateEvictionLetsAnOldFillIn() {
    ProtocolScripts scripts =
        WHOLE.with("evict", "if tonumber(floor) >= tonumber(ARGV[1]) then", "if false then");
    thenBreaks(scripts, Programs.guarded(), "x");
  }

  @Test
  void withoutTheTokenAFillStoresUnderTheLeaseOfAnother_H2() {
    ProtocolScripts scripts = WHOLE.with("fill", "if holder ~= ARGV[1] then", "if not holder then");
    thenBreaks(scripts, Programs.guarded(), "x");
  }

  @Test
  void withoutTheLeaseAFillStoresAfterAnEvictionThatFoundNothing_H3() {
    ProtocolScripts scripts =
        WHOLE.with(
            "fill",
            "if holder ~= ARGV[1] then",
            "if head == '' then floor, holder = '0', ARGV[1] end\nif holder ~= ARGV[1] then");
    thenBreaks(scripts, Programs.guarded(), "x");
  }

  @Test
  void aRefreshThatReplacesALeaseStoresWhatWasEvicted_H20() {
    ProtocolScripts scripts =
        WHOLE.with(
            "refresh",
            "redis.call('SET', KEYS[1], 'L' .. ARGV[1] .. ':' .. holder .. '\\n', 'KEEPTTL')",
            "redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])");
    thenBreaks(scripts, Programs.guarded(), "x");
  }

  @Test
  void aRefreshThatAddsStoresWhatWasEvicted_H20() {
    ProtocolScripts scripts =
        WHOLE.with(
            "refresh",
            "if head == '' then",
            "if head == '' then\n  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])");
    thenBreaks(scripts, Programs.guarded(), "x");
  }

  @Test
  void aRefreshThatComparesNothingReplacesTheNewer() {
    ProtocolScripts scripts =
        WHOLE.with("refresh", "if tonumber(version) >= tonumber(ARGV[1]) then", "if false then");
    thenBreaks(scripts, Programs.guarded(), "x");
  }

  @Test
  void anEvictionThatSparesOlderValuesIsNone() {
    ProtocolScripts scripts =
        WHOLE.with("evict", "if version and tonumber(version) >= tonumber(ARGV[1])", "if version");
    thenBreaks(scripts, Programs.guarded(), "x");
  }

  @Test
  void anAcquireThatTakesWhatIsMarkedAsFilledKeepsNoFloor() {
    ProtocolScripts scripts = WHOLE.with("acquire", "if holder == ARGV[1] then", "if false then");
    thenBreaks(scripts, Programs.guarded(), "x");
  }

  @Test
  void aRebuildThatReadsTheTopicBeforeItHasTheLeaseStoresWhatWasEvicted_H42() {
    thenHolds(WHOLE, rebuild(RebuildActor.leasing()));
    thenBreaks(WHOLE, rebuild(RebuildActor.leasingLate()), "x");
  }

  @Test
  void withoutARewindWhatAFailoverBringsBackStays_H4() {
    thenHolds(WHOLE, failover(FailoverActor.withRewind(1)));
    thenBreaks(WHOLE, failover(FailoverActor.withoutRewind()), "x");
  }

  /// Why an acquire must never be sent again under a token that may have been used already.
  @Test
  void anAcquireThatIsExecutedAgainAfterTheSourceWasReadStoresWhatWasEvicted() {
    Program copied =
        Programs.program(
            "", "VV", 0, ReaderActor.named("a"), LateAcquireActor.of("a"), Programs.mishaps(1));
    thenBreaks(WHOLE, copied, "x");
  }

  private static Program rebuild(RebuildActor rebuild) {
    return Programs.program("a rebuild", "VV", 0, rebuild, Programs.mishaps(1));
  }

  private static Program failover(FailoverActor failover) {
    return Programs.program("a failover", "VV", 0, ReaderActor.named("a"), failover);
  }

  private static void thenHolds(ProtocolScripts scripts, Program program) {
    assertThat(redis.explorer(scripts).merged(program).violation()).isEmpty();
  }

  private static void thenBreaks(ProtocolScripts scripts, Program program, String sequence) {
    assertThat(redis.explorer(scripts).merged(program).violation()).hasValue(sequence);
  }
}
