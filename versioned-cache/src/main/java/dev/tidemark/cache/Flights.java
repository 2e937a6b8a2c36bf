package dev.tidemark.cache;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/// Single flight: of the reads of one key at one time in this process one does the work, and the
/// others share what it brings. Thread-safe.
final class Flights {

  private final ConcurrentMap<String, CompletableFuture<Read>> underWay = new ConcurrentHashMap<>();

  /// Does the work, or shares the result of who is at it.
  ///
  /// @param patience how long to wait for the other
  /// @return empty when the other did not come back in time, or was interrupted: its failure, not
  ///   this caller's
  Optional<Read> share(String key, Duration patience, Supplier<Read> work) {
    CompletableFuture<Read> mine = new CompletableFuture<>();
    CompletableFuture<Read> theirs = underWay.putIfAbsent(key, mine);
    if (theirs != null) {
      return await(key, theirs, patience);
    }
    try {
      Read read = work.get();
      mine.complete(read);
      return Optional.of(read);
    } catch (RuntimeException | Error e) {
      mine.completeExceptionally(e);
      throw e;
    } finally {
      underWay.remove(key, mine);
    }
  }

  private static Optional<Read> await(
      String key, CompletableFuture<Read> theirs, Duration patience) {
    try {
      return Optional.of(theirs.get(patience.toNanos(), TimeUnit.NANOSECONDS).collapsed());
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SourceException(key, e);
    } catch (ExecutionException e) {
      return switch (e.getCause()) {
        case SourceException failed when failed.getCause() instanceof InterruptedException ->
            Optional.empty();
        case SourceException failed -> throw new SourceException(key, failed.getCause());
        case DatabaseBusyException busy -> throw new DatabaseBusyException(busy.waited());
        case null, default -> throw new SourceException(key, e.getCause());
      };
    }
  }
}
