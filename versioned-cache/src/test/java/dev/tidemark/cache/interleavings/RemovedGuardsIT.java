package dev.tidemark.cache.interleavings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.cache.redis.ProtocolScripts;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Test that each guard of the protocol is needed: without it there is an interleaving that breaks
/// a promise, and this is the shortest.
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
  void withAllGuardsTheSameProgramKeepsThePromises() {
    thenHolds(WHOLE, Programs.guarded());
  }

  @Test
  void withoutTheFloorASlowFillStoresWhatWasEvicted_H1() {
    ProtocolScripts scripts =
        WHOLE.with("fill", "if tonumber(ARGV[2]) < tonumber(floor) then", "if false then");
    thenBreaks(
        scripts,
        Programs.guarded(),
        """
        start                                    V1
        redis: the value is lost                 nothing
        a: lookup                                nothing
        a: acquire                               L0:a
        a: reads 1 from source                   L0:a
        writer: commits 2                        L0:a
        writer: 2 is visible                     L0:a
        lane: evict(2)                           L2:a
        a: fill(1)                               V1
        broken: V1 is stored after the eviction by 2\
        """);
  }

  @Test
  void withoutRaisingTheFloorASlowFillStoresWhatWasEvicted_H1() {
    ProtocolScripts scripts = WHOLE.with("evict", "'L' .. ARGV[1] .. ':'", "'L' .. floor .. ':'");
    thenBreaks(
        scripts,
        Programs.guarded(),
        """
        start                                    V1
        redis: the value is lost                 nothing
        a: lookup                                nothing
        a: acquire                               L0:a
        a: reads 1 from source                   L0:a
        writer: commits 2                        L0:a
        writer: 2 is visible                     L0:a
        lane: evict(2)                           L0:a
        a: fill(1)                               V1
        broken: V1 is stored after the eviction by 2\
        """);
  }

  @Test
  void withAFloorThatFallsALateEvictionLetsAnOldFillIn() {
    ProtocolScripts scripts =
        WHOLE.with("evict", "if tonumber(floor) >= tonumber(ARGV[1]) then", "if false then");
    thenBreaks(
        scripts,
        Programs.guarded(),
        """
        start                                    V1
        redis: the value is lost                 nothing
        a: lookup                                nothing
        a: acquire                               L0:a
        writer: commits 2                        L0:a
        writer: 2 is visible                     L0:a
        a: reads 2 from source                   L0:a
        writer: commits 3                        L0:a
        writer: 3 is visible                     L0:a
        lane: evict(3)                           L3:a
        lane, again: evict(2)                    L2:a
        a: fill(2)                               V2
        broken: V2 is stored after the eviction by 3\
        """);
  }

  @Test
  void withoutTheTokenAFillStoresUnderTheLeaseOfAnother_H2() {
    ProtocolScripts scripts = WHOLE.with("fill", "if holder ~= ARGV[1] then", "if not holder then");
    thenBreaks(
        scripts,
        Programs.guarded(),
        """
        start                                    V1
        redis: the value is lost                 nothing
        a: lookup                                nothing
        a: acquire                               L0:a
        a: reads 1 from source                   L0:a
        b: lookup                                L0:a
        redis: the lease expires                 nothing
        writer: commits 2                        nothing
        writer: 2 is visible                     nothing
        lane: evict(2)                           nothing
        b: acquire                               L0:b
        a: fill(1)                               V1
        broken: V1 is stored after the eviction by 2\
        """);
  }

  @Test
  void withoutTheLeaseAFillStoresAfterAnEvictionThatFoundNothing_H3() {
    ProtocolScripts scripts =
        WHOLE.with(
            "fill",
            "if holder ~= ARGV[1] then",
            "if head == '' then floor, holder = '0', ARGV[1] end\nif holder ~= ARGV[1] then");
    thenBreaks(
        scripts,
        Programs.guarded(),
        """
        start                                    V1
        redis: the value is lost                 nothing
        a: lookup                                nothing
        a: acquire                               L0:a
        a: reads 1 from source                   L0:a
        redis: the lease expires                 nothing
        writer: commits 2                        nothing
        writer: 2 is visible                     nothing
        lane: evict(2)                           nothing
        a: fill(1)                               V1
        broken: V1 is stored after the eviction by 2\
        """);
  }

  @Test
  void aRefreshThatReplacesALeaseStoresWhatWasEvicted_H20() {
    ProtocolScripts scripts =
        WHOLE.with(
            "refresh",
            "redis.call('SET', KEYS[1], 'L' .. ARGV[1] .. ':' .. holder .. '\\n', 'KEEPTTL')",
            "redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])");
    thenBreaks(
        scripts,
        Programs.guarded(),
        """
        start                                    V1
        writer: commits 2                        V1
        writer: 2 is visible                     V1
        writer: commits 3                        V1
        writer: 3 is visible                     V1
        lane: evict(3)                           nothing
        a: lookup                                nothing
        a: acquire                               L0:a
        fast lane: refresh(2)                    V2
        broken: V2 is stored after the eviction by 3\
        """);
  }

  @Test
  void aRefreshThatAddsStoresWhatWasEvicted_H20() {
    ProtocolScripts scripts =
        WHOLE.with(
            "refresh",
            "if head == '' then",
            "if head == '' then\n  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])");
    thenBreaks(
        scripts,
        Programs.guarded(),
        """
        start                                    V1
        writer: commits 2                        V1
        writer: 2 is visible                     V1
        writer: commits 3                        V1
        writer: 3 is visible                     V1
        lane: evict(3)                           nothing
        fast lane: refresh(2)                    V2
        broken: V2 is stored after the eviction by 3\
        """);
  }

  @Test
  void aRefreshThatComparesNothingReplacesTheNewer() {
    ProtocolScripts scripts =
        WHOLE.with("refresh", "if tonumber(version) >= tonumber(ARGV[1]) then", "if false then");
    thenBreaks(
        scripts,
        Programs.guarded(),
        """
        start                                    V1
        writer: commits 2                        V1
        writer: 2 is visible                     V1
        writer: commits 3                        V1
        writer: 3 is visible                     V1
        fast lane: refresh(3)                    V3
        lane: evict(3)                           V3
        fast lane: refresh(2)                    V2
        broken: V2 is stored after the eviction by 3\
        """);
  }

  @Test
  void anEvictionThatSparesOlderValuesIsNone() {
    ProtocolScripts scripts =
        WHOLE.with("evict", "if version and tonumber(version) >= tonumber(ARGV[1])", "if version");
    thenBreaks(
        scripts,
        Programs.guarded(),
        """
        start                                    V1
        writer: commits 2                        V1
        writer: 2 is visible                     V1
        lane: evict(2)                           V1
        broken: V1 is stored after the eviction by 2\
        """);
  }

  /// A lease that keeps other readers away only helps the database.
  @Test
  void aLeaseThatIsTakenOverDoesNoHarm() {
    ProtocolScripts scripts = WHOLE.with("acquire", "if holder then", "if false then");
    Program program =
        Programs.program(
            "two readers",
            "VVV",
            0,
            ReaderActor.named("a"),
            ReaderActor.demanding("b"),
            Programs.fastLane(2),
            Programs.mishaps(1));
    thenHolds(scripts, program);
  }

  @Test
  void aRebuildThatReadsTheTopicBeforeItHasTheLeaseStoresWhatWasEvicted_H42() {
    thenHolds(WHOLE, rebuild(RebuildActor.leasing()));
    thenBreaks(
        WHOLE,
        rebuild(RebuildActor.leasingLate()),
        """
        start                                    V1
        rebuild: reads the topic to its end at 1 V1
        writer: commits 2                        V1
        writer: 2 is visible                     V1
        lane: evict(2)                           nothing
        rebuild: acquire                         L0:rebuild
        rebuild: fill(1)                         V1
        broken: V1 is stored after the eviction by 2\
        """);
  }

  /// The log is ahead of what readers see: an invalidator that learns of a version from the log
  /// must not evict by it before it is visible.
  @Test
  void anEvictionBeforeTheCommitIsVisibleLetsAReaderStoreTheOldValue_H44() {
    thenHolds(WHOLE, heard(ReliableLaneActor.Hears.WHEN_VISIBLE));
    thenBreaks(
        WHOLE,
        heard(ReliableLaneActor.Hears.WHEN_COMMITTED),
        """
        start                                    V1
        writer: commits 2                        V1
        lane: evict(2)                           nothing
        a: lookup                                nothing
        a: acquire                               L0:a
        a: reads 1 from source                   L0:a
        broken: 1 is served to who began after the eviction by 2\
        """);
  }

  @Test
  void anEvictionBeforeTheCommitLetsAReaderStoreTheOldValue_H15() {
    thenBreaks(
        WHOLE,
        heard(ReliableLaneActor.Hears.BEFORE_THE_COMMIT),
        """
        start                                    V1
        lane: evict(2)                           nothing
        a: lookup                                nothing
        a: acquire                               L0:a
        a: reads 1 from source                   L0:a
        broken: 1 is served to who began after the eviction by 2\
        """);
  }

  private static Program heard(ReliableLaneActor.Hears hears) {
    return Programs.program(
        "a reader", "VV", 0, hears, ReaderActor.named("a"), Programs.mishaps(1));
  }

  @Test
  void aFillFromAReplicaThatIsBehindStoresWhatWasEvicted_H12() {
    thenBreaks(
        WHOLE,
        Programs.program("a lagging reader", "VV", 0, ReaderActor.lagging("a")),
        """
        start                                    V1
        writer: commits 2                        V1
        writer: 2 is visible                     V1
        lane: evict(2)                           nothing
        a: lookup                                nothing
        a: acquire                               L0:a
        a: reads 1 from source                   L0:a
        broken: 1 is served to who began after the eviction by 2\
        """);
  }

  @Test
  void withoutALookBeforeTheSourceAForgedVersionStays_H8() {
    thenHolds(WHOLE, forged(SourceRefreshActor.Kind.STRONG));
    thenBreaks(
        WHOLE,
        forged(SourceRefreshActor.Kind.NEVER_LOOKING),
        """
        start                                    V1
        a: lookup                                V1
        somebody: writes V9                      V9
        strong: reads 1 from source              V9
        strong: refresh(1)                       V9
        writer: commits 2                        V9
        writer: 2 is visible                     V9
        fast lane: refresh(2)                    V9
        lane: evict(2)                           V9
        broken: V9 stays, and 2 is committed\
        """);
  }

  /// It would do no harm, but cost the other readers a good entry.
  @Test
  void aLookAfterTheSourceRemovesWhatIsTheSources() {
    thenHolds(WHOLE, refreshed(SourceRefreshActor.Kind.STRONG));
    thenBreaks(
        WHOLE,
        refreshed(SourceRefreshActor.Kind.LOOKING_LATE),
        """
        start                                    V1
        strong: reads 1 from source              V1
        writer: commits 2                        V1
        writer: 2 is visible                     V1
        fast lane: refresh(2)                    V2
        strong: lookup                           V2
        strong: remove(2)                        nothing
        broken: 2 is removed, and the source has had it\
        """);
  }

  private static Program refreshed(SourceRefreshActor.Kind kind) {
    return Programs.program(
        "a strong read, a write", "VV", 0, Programs.fastLane(2), SourceRefreshActor.of(kind));
  }

  private static Program forged(SourceRefreshActor.Kind kind) {
    return Programs.program(
        "a forged version",
        "VV",
        0,
        ReaderActor.named("a"),
        Programs.fastLane(2),
        SourceRefreshActor.of(kind),
        ForgerActor.WAITING);
  }

  @Test
  void withoutARewindWhatAFailoverBringsBackStays_H4() {
    thenHolds(WHOLE, failover(FailoverActor.withRewind(1)));
    thenBreaks(
        WHOLE,
        failover(FailoverActor.withoutRewind()),
        """
        start                                    V1
        writer: commits 2                        V1
        writer: 2 is visible                     V1
        lane: evict(2)                           nothing
        redis: fails over to V1                  V1
        broken: V1 stays, and 2 is committed\
        """);
  }

  /// An acquire must never be sent again under a token that may have been used already, for this
  /// reason.
  @Test
  void anAcquireThatIsExecutedAgainAfterTheSourceWasReadStoresWhatWasEvicted() {
    Program copied =
        Programs.program(
            "", "VV", 0, ReaderActor.named("a"), LateAcquireActor.of("a"), Programs.mishaps(1));
    thenBreaks(
        WHOLE,
        copied,
        """
        start                                    V1
        redis: the value is lost                 nothing
        a: lookup                                nothing
        a: acquire                               L0:a
        a: reads 1 from source                   L0:a
        redis: the lease expires                 nothing
        writer: commits 2                        nothing
        writer: 2 is visible                     nothing
        lane: evict(2)                           nothing
        a, copy: acquire                         L0:a
        a: fill(1)                               V1
        broken: V1 is stored after the eviction by 2\
        """);
  }

  /// The outbox is the reliable lane; a writer may die before its own refresh.
  @Test
  void withoutTheReliableLaneAnOldValueStays_H14() {
    thenBreaks(
        WHOLE,
        Program.from("no lane", "VV", List.of(new WriterActor())),
        """
        start                                    V1
        writer: commits 2                        V1
        writer: 2 is visible                     V1
        broken: V1 stays, and 2 is committed\
        """);
  }

  /// Only readers that began before a flight may share it, for this reason.
  @Test
  void aReaderThatTakesWhatAnotherFoundBeforeIsServedWhatWasEvicted() {
    thenBreaks(
        WHOLE,
        Programs.program("sharing", "VV", 0, SharingActor.of(false)),
        """
        start                                    V1
        another: lookup                          V1
        writer: commits 2                        V1
        writer: 2 is visible                     V1
        lane: evict(2)                           nothing
        late: begins, and is served 1            nothing
        broken: 1 is served to who began after the eviction by 2\
        """);
  }

  @Test
  void aReaderThatIgnoresTheDemandIsServedLess_H13() {
    thenBreaks(
        WHOLE,
        Programs.program("sharing", "VV", 0, SharingActor.of(true)),
        """
        start                                    V1
        another: lookup                          V1
        writer: commits 2                        V1
        writer: 2 is visible                     V1
        late: begins, and is served 1            V1
        broken: 1 is served to who demanded 2\
        """);
  }

  private static Program rebuild(RebuildActor rebuild) {
    return Programs.program("a rebuild", "VV", 0, rebuild, Programs.mishaps(1));
  }

  private static Program failover(FailoverActor failover) {
    return Programs.program("a failover", "VV", 0, failover);
  }

  private static void thenHolds(ProtocolScripts scripts, Program program) {
    assertThat(redis.explorer(scripts).merged(program).violation()).isEmpty();
  }

  private static void thenBreaks(ProtocolScripts scripts, Program program, String sequence) {
    assertThat(redis.explorer(scripts).merged(program).violation()).hasValue(sequence);
  }
}
