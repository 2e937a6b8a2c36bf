package dev.tidemark.api.store;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Deletes the answers of [IdempotencyKey]s after a day, at the start and then periodically, on a
/// thread of its own.
public final class KeyedAnswerSweep implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(KeyedAnswerSweep.class);

  /// Time for which a client may send a request again.
  static final Duration KEPT = Duration.ofHours(24);

  public static final Duration PAUSE = Duration.ofHours(1);

  private final ProductStore store;
  private final Duration pause;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("idempotency-sweep").daemon().factory());

  /// @param pause between the end of a sweep and the next
  public KeyedAnswerSweep(ProductStore store, Duration pause) {
    this.store = store;
    this.pause = pause;
  }

  public void start() {
    var _ = thread.scheduleWithFixedDelay(this::sweep, 0, pause.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void sweep() {
    try {
      int forgotten = 0;
      for (int some = 1; some > 0 && !thread.isShutdown(); forgotten += some) {
        some = store.forgetAnswers(KEPT);
      }
      log.atDebug().addKeyValue("forgotten", forgotten).log("expired idempotency keys deleted");
    } catch (RuntimeException e) {
      log.atWarn()
          .addKeyValue("reason", e.getMessage())
          .log("deleting expired idempotency keys failed; retrying later");
    } catch (Error e) {
      // An exception that gets out would silently end the task.
      log.atError()
          .setCause(e)
          .log("deleting expired idempotency keys failed unexpectedly; retrying later");
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
