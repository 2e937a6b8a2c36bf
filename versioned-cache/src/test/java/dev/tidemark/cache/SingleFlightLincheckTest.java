package dev.tidemark.cache;

import dev.tidemark.cache.Read.Served;
import dev.tidemark.cache.SingleFlight.Landed;
import dev.tidemark.cache.store.CachedValue.Absent;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/// Single flight beside commits, every interleaving up to a bound: a shared read is as good as one
/// of the reader's own, so it brings a state that was committed at some moment between the reader's
/// beginning and end, never one that was superseded before it began (H1).
public class SingleFlightLincheckTest {

  private static final String KEY = "k";
  private static final Duration PATIENCE = Duration.ofHours(1);

  private final SingleFlight flights = new SingleFlight();
  private final AtomicLong clock = new AtomicLong();
  private final AtomicLong committed = new AtomicLong();

  @Operation
  public long commit() {
    return committed.incrementAndGet();
  }

  @Operation
  public long read() {
    long began = clock.incrementAndGet();
    while (true) {
      Optional<Read> read = flights.share(KEY, began, PATIENCE, this::readSource);
      if (read.isPresent()) {
        return read.get().value().version();
      }
    }
  }

  private Landed readSource() {
    long asOf = clock.incrementAndGet();
    return new Landed(new Read(new Absent(committed.get()), Served.NOT_STORED), asOf);
  }

  @Test
  void aSharedReadIsAsGoodAsAnOwn_H1() {
    new ModelCheckingOptions()
        .iterations(10)
        .invocationsPerIteration(500)
        .threads(3)
        .actorsPerThread(2)
        .actorsBefore(0)
        .actorsAfter(1)
        .check(SingleFlightLincheckTest.class);
  }
}
