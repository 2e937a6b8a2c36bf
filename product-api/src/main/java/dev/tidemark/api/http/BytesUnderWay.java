package dev.tidemark.api.http;

import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import java.util.concurrent.atomic.AtomicLong;

/// The memory that large bodies and answers take while they are under way, bounded for all requests
/// together: beyond it a request is shed. The first bytes of each are not counted, since the number
/// of requests bounds them. Thread-safe.
public final class BytesUnderWay {

  /// So many bytes of each request are not counted.
  private static final int SMALL = 16 * 1024;

  private static final ScopedValue<Share> CURRENT = ScopedValue.newInstance();

  private final long most;
  private final AtomicLong held = new AtomicLong();

  /// @param most bytes that all requests together may hold
  public BytesUnderWay(long most) {
    this.most = most;
  }

  /// Carries out a request; what it holds is free again when it returns or throws.
  void runWithin(Runnable request) {
    Share share = new Share();
    try {
      ScopedValue.where(CURRENT, share).run(request);
    } finally {
      share.add(-share.bytes);
    }
  }

  /// Notes that the request of this thread holds so many bytes more.
  ///
  /// @throws ProblemException when all requests together would hold too many
  public static void hold(long bytes) {
    CURRENT.get().hold(bytes);
  }

  /// Notes the same where it is too late to refuse: what was written is answered.
  public static void holdAnyway(long bytes) {
    CURRENT.get().add(bytes);
  }

  /// Notes that the request of this thread has let go of so many bytes that it held.
  public static void free(long bytes) {
    CURRENT.get().add(-bytes);
  }

  /// What one request holds. Confined to its thread.
  private final class Share {
    private long bytes;

    private void hold(long more) {
      add(more);
      long all = held.get();
      // One alone is let through, whatever its size: else it would never be.
      if (all > most && all > counted(bytes)) {
        add(-more);
        throw new ProblemException(
            Problem.overloaded("Too many bytes of bodies and answers are under way."));
      }
    }

    private void add(long change) {
      long counted = counted(bytes + change) - counted(bytes);
      bytes += change;
      if (counted != 0) {
        held.addAndGet(counted);
      }
    }

    private static long counted(long bytes) {
      return Math.max(0, bytes - SMALL);
    }
  }
}
