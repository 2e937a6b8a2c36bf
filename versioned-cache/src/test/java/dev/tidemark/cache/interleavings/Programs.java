package dev.tidemark.cache.interleavings;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// Programs whose interleavings are run.
final class Programs {

  private static final ReaderActor A = ReaderActor.named("a");
  private static final ReaderActor B = ReaderActor.demanding("b");
  private static final SourceRefreshActor STRONG = SourceRefreshActor.strong();
  private static final ForgerActor FORGER = ForgerActor.WAITING;

  private Programs() {}

  /// Returns programs that are small enough to run each interleaving by itself.
  static List<Program> small() {
    Program twoReaders = program("two readers, leases expire", "VV", 0, A, B, mishaps(0));
    Program threeVersions = program("two readers, two commits", "VVV", 0, A, B);
    Program failover =
        program("a reader, a failover", "VVV", 0, A, FailoverActor.withRewind(1), mishaps(0));
    Program created = program("created, deleted and created again", "DVDV", 0, A, mishaps(1));
    return List.of(
        twoReaders,
        twoReaders.cold(),
        program("two readers, a lost entry", "VV", 0, A, B, mishaps(1)),
        program("two readers of a deleted thing", "VD", 0, A, B, mishaps(1)),
        threeVersions,
        threeVersions.cold(),
        program("two readers, late evictions", "VVV", 1, A, B),
        program("a late fast lane", "VVV", 0, A, fastLane(2, 3), mishaps(1)),
        program("fast lane and late evictions", "VVD", 1, A, fastLane(2, 3)),
        program("a strong read", "VVV", 0, A, SourceRefreshActor.strong(), mishaps(0)),
        program("an early refresh", "VVV", 0, A, SourceRefreshActor.early(), mishaps(0)),
        program("a forged version, a strong read", "VV", 0, A, STRONG, FORGER),
        program("a forged version, an early refresh", "VVV", 0, SourceRefreshActor.early(), FORGER),
        program("two strong reads", "VV", 0, A, STRONG, fastLane(2), SourceRefreshActor.early()),
        program("a lease given up", "VV", 0, A, ReaderActor.failing("c"), mishaps(0)).cold(),
        failover,
        failover.cold(),
        program("two readers, a failover", "VV", 0, A, B, FailoverActor.withRewind(1)),
        program("a reader and a rebuild", "VVV", 0, B, RebuildActor.leasing()).cold(),
        program("a rebuild, a lost entry", "VV", 0, A, RebuildActor.leasing(), mishaps(1)),
        created,
        created.cold());
  }

  /// Returns programs with most actors at once.
  static List<Program> large() {
    return List.of(guarded(), inFailover(), rebuilt());
  }

  /// Returns programs with all actors at once.
  static List<Program> everything() {
    return List.of(
        program(
            "everything, one commit",
            "VV",
            1,
            A,
            B,
            fastLane(2),
            SourceRefreshActor.strong(),
            mishaps(1),
            FailoverActor.withRewind(1),
            RebuildActor.leasing()),
        program(
            "two readers, two commits, everything but rebuild and strong reads",
            "VVV",
            1,
            A,
            B,
            fastLane(2, 3),
            mishaps(1),
            FailoverActor.withRewind(1)));
  }

  /// Returns a program in which each guard of the scripts is needed.
  static Program guarded() {
    return program("two readers, all lanes, losses", "VVV", 1, A, B, fastLane(2, 3), mishaps(1));
  }

  private static Program inFailover() {
    return program(
        "a failover, all lanes, losses, a deletion",
        "VVD",
        0,
        A,
        B,
        fastLane(2),
        mishaps(1),
        FailoverActor.withRewind(1));
  }

  private static Program rebuilt() {
    return program(
        "a rebuild, a refresh from the source, a failover",
        "VVV",
        0,
        B,
        SourceRefreshActor.strong(),
        mishaps(0),
        FailoverActor.withRewind(1),
        RebuildActor.leasing());
  }

  /// Returns a program with a writer and a reliable lane.
  ///
  /// @param copies how many evictions come again
  static Program program(String name, String states, int copies, Actor... others) {
    return program(name, states, copies, ReliableLaneActor.Hears.WHEN_VISIBLE, others);
  }

  /// @param hears when the lane may hear of a version
  static Program program(
      String name, String states, int copies, ReliableLaneActor.Hears hears, Actor... others) {
    List<Actor> actors = new ArrayList<>(List.of(others));
    actors.add(new WriterActor());
    actors.add(new ReliableLaneActor(states.startsWith("D") ? 0 : 1, copies, hears));
    return Program.from(name, states, actors);
  }

  static FastLaneActor fastLane(int... versions) {
    return new FastLaneActor(IntStream.of(versions).boxed().toList());
  }

  /// Returns leases that expire at any time, and entries that are lost.
  static MishapActor mishaps(int losses) {
    return new MishapActor(losses);
  }
}
