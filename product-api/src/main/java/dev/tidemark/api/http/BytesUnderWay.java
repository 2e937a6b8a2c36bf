package dev.tidemark.api.http;

import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import java.util.concurrent.atomic.AtomicLong;

/// Memory limit for large bodies and answers in progress, shared by all requests. Beyond it a
/// request is shed. The first bytes of each are not counted, since the number of requests bounds
/// them. Thread-safe.
public final class BytesUnderWay {

  /// Number of bytes of each request that are not counted.
  private static final int SMALL = 16 * 1024;

  private static final ScopedValue<Share> CURRENT = ScopedValue.newInstance();

  private final long most;
  private final AtomicLong held = new AtomicLong();

  /// @param most bytes that all requests together may hold
  public BytesUnderWay(long most) {
    this.most = most;
  }

  /// Carries out a request. Its memory is released when it returns or throws.
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

  /// Notes the same where it is too late to refuse, because what was written must be answered.
  public static void holdAnyway(long bytes) {
    CURRENT.get().add(bytes);
  }

  /// Notes that the request of this thread has released so many bytes.
  public static void free(long bytes) {
    CURRENT.get().add(-bytes);
  }

  /// Memory of one request. Confined to its thread.
  private final class Share {
    private long bytes;

    private void hold(long more) {
      add(more);
      long all = held.get();
      // A single request is accepted whatever its size, because otherwise it never would be.
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
