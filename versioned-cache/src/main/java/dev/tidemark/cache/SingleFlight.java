package dev.tidemark.cache;

import dev.tidemark.cache.Read.Served;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/// Single flight: of concurrent reads of one key in this process, one does the work, and the others
/// share its result. Thread-safe.
///
/// A reader may join a flight late: an eviction was applied after the flight's source was read, and
/// before the reader began. The flight's result is then too old for that reader. So a result states
/// since when it is known to be good, and only readers that began before that share it.
final class SingleFlight {

  private final ConcurrentMap<String, CompletableFuture<Landed>> underWay =
      new ConcurrentHashMap<>();

  /// Result of a flight.
  ///
  /// @param asOf a [System#nanoTime] before which no eviction of anything newer than `read` was
  ///   applied
  record Landed(Read read, long asOf) {
    Landed stored() {
      return new Landed(new Read(read.value(), Served.STORED), asOf);
    }
  }

  /// Does the work, or shares the result of the reader that is doing it.
  ///
  /// @param since beginning of the reader, a [System#nanoTime]
  /// @param patience time to wait for the other
  /// @return empty when the other's result may be from before this reader began, or it did not come
  ///   back in time, or was interrupted: its failure, not this caller's
  Optional<Read> share(String key, long since, Duration patience, Supplier<Landed> work) {
    CompletableFuture<Landed> mine = new CompletableFuture<>();
    CompletableFuture<Landed> theirs = underWay.putIfAbsent(key, mine);
    if (theirs != null) {
      return await(key, theirs, patience)
          .filter(landed -> landed.asOf() - since >= 0)
          .map(landed -> landed.read().collapsed());
    }
    // Removed before its result is published: a reader that finds the result too old, and tries
    // again, must not find it once more.
    try {
      Landed landed = work.get();
      underWay.remove(key, mine);
      mine.complete(landed);
      return Optional.of(landed.read());
    } catch (RuntimeException | Error e) {
      underWay.remove(key, mine);
      mine.completeExceptionally(e);
      throw e;
    }
  }

  private static Optional<Landed> await(
      String key, CompletableFuture<Landed> theirs, Duration patience) {
    try {
      return Optional.of(theirs.get(patience.toNanos(), TimeUnit.NANOSECONDS));
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
