package dev.tidemark.invalidator.live;

import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/// Applies one batch at a time on a thread of its own, so that the reader can go on reading.
///
/// Confined to the reader's thread. From [#begin] to [#await] the batch is the other thread's.
final class EvictorThread implements AutoCloseable {

  private final Evictor evictor;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("evictor").factory());
  private @Nullable Future<Optional<String>> underWay;

  EvictorThread(Evictor evictor) {
    this.evictor = evictor;
  }

  /// Begins a batch. No other may be in progress.
  void begin(PendingEvictions batch) {
    if (underWay != null) {
      throw new IllegalStateException("a batch is under way");
    }
    underWay = thread.submit(() -> evictor.apply(batch));
  }

  boolean isUnderWay() {
    return underWay != null;
  }

  /// Returns when the batch that was begun is done.
  ///
  /// @return as [Evictor#apply] does
  Optional<String> await() {
    Future<Optional<String>> begun = underWay;
    if (begun == null) {
      throw new IllegalStateException("nothing is under way");
    }
    underWay = null;
    try {
      return begun.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a batch could not be applied", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a batch was applied", e);
    }
  }

  @Override
  public void close() {
    thread.close();
  }
}
