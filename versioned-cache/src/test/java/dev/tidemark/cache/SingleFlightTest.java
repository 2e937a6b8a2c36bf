package dev.tidemark.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidemark.cache.Read.Served;
import dev.tidemark.cache.SingleFlight.Landed;
import dev.tidemark.cache.store.CachedValue.Absent;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;

/// Result for the reader that comes second.
class SingleFlightTest {

  private static final String KEY = "product:1";
  private static final long AS_OF = 100;
  private static final Read READ = new Read(new Absent(7), Served.STORED);
  private static final Duration LONG = Duration.ofMinutes(1);

  private final SingleFlight flights = new SingleFlight();
  private final CountDownLatch flying = new CountDownLatch(1);
  private final CountDownLatch land = new CountDownLatch(1);

  /// Begins a flight that ends with the given result when [#land] is counted down.
  private FutureTask<Optional<Read>> first(Supplier<Landed> end) {
    FutureTask<Optional<Read>> first =
        new FutureTask<>(
            () ->
                flights.share(
                    KEY,
                    0,
                    LONG,
                    () -> {
                      flying.countDown();
                      try {
                        land.await();
                      } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                      }
                      return end.get();
                    }));
    Thread.ofVirtual().start(first);
    return first;
  }

  private FutureTask<Optional<Read>> secondThatBeganAt(long since) throws InterruptedException {
    flying.await();
    FutureTask<Optional<Read>> second =
        new FutureTask<>(() -> flights.share(KEY, since, LONG, SingleFlightTest::notHere));
    Thread thread = Thread.ofVirtual().start(second);
    await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
    return second;
  }

  private static Landed notHere() {
    throw new AssertionError("the first is still at it");
  }

  private static Landed landed() {
    return new Landed(READ, AS_OF);
  }

  @Test
  void itSharesWhatWasReadAfterItBegan() throws Exception {
    FutureTask<Optional<Read>> first = first(SingleFlightTest::landed);
    FutureTask<Optional<Read>> second = secondThatBeganAt(AS_OF);
    land.countDown();
    assertThat(first.get()).contains(READ);
    assertThat(second.get()).contains(READ.collapsed());
  }

  @Test
  void itDoesNotShareWhatMayHaveBeenReadBeforeItBegan_H1() throws Exception {
    FutureTask<Optional<Read>> first = first(SingleFlightTest::landed);
    FutureTask<Optional<Read>> second = secondThatBeganAt(AS_OF + 1);
    land.countDown();
    assertThat(first.get()).contains(READ);
    assertThat(second.get()).isEmpty();
  }

  @Test
  void itWaitsOnlyAsLongAsItsPatience() throws Exception {
    FutureTask<Optional<Read>> first = first(SingleFlightTest::landed);
    flying.await();
    assertThat(flights.share(KEY, 0, Duration.ofMillis(1), SingleFlightTest::notHere)).isEmpty();
    land.countDown();
    assertThat(first.get()).contains(READ);
  }

  @Test
  void whenItIsInterruptedItStaysSo() throws Exception {
    FutureTask<Optional<Read>> first = first(SingleFlightTest::landed);
    flying.await();
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> flights.share(KEY, 0, LONG, SingleFlightTest::notHere))
        .isInstanceOf(SourceException.class)
        .hasCauseInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isTrue();
    land.countDown();
    assertThat(first.get()).contains(READ);
  }

  @Test
  void aFailureOfTheSourceIsItsFailureToo() throws Exception {
    IOException cause = new IOException("no database");
    thenBothFailWith(new SourceException(KEY, cause), SourceException.class)
        .hasRootCause(cause)
        .hasMessageContaining(KEY);
  }

  @Test
  void aBusyDatabaseIsBusyForItToo() throws Exception {
    thenBothFailWith(new DatabaseBusyException(LONG), DatabaseBusyException.class)
        .hasMessageContaining("60000 ms");
  }

  @Test
  void whatElseFailedIsToldToo() throws Exception {
    IllegalStateException cause = new IllegalStateException("a fault in the program");
    thenBothFailWith(cause, SourceException.class).hasRootCause(cause);
  }

  private AbstractThrowableAssert<?, ? extends Throwable> thenBothFailWith(
      RuntimeException failure, Class<? extends Throwable> told) throws Exception {
    FutureTask<Optional<Read>> first =
        first(
            () -> {
              throw failure;
            });
    FutureTask<Optional<Read>> second = secondThatBeganAt(0);
    land.countDown();
    assertThatThrownBy(first::get).cause().isSameAs(failure);
    return assertThatThrownBy(second::get)
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(told)
        .isNotSameAs(failure);
  }

  /// An interruption of the first is no fault of the source.
  @Test
  void whenTheFirstIsInterruptedItTriesForItself() throws Exception {
    FutureTask<Optional<Read>> first =
        first(
            () -> {
              throw new SourceException(KEY, new InterruptedException());
            });
    FutureTask<Optional<Read>> second = secondThatBeganAt(0);
    land.countDown();
    assertThatThrownBy(first::get).hasCauseInstanceOf(SourceException.class);
    assertThat(second.get()).isEmpty();
  }

  @Test
  void afterAFlightTheNextOneFliesItself() {
    assertThat(flights.share(KEY, 0, LONG, SingleFlightTest::landed)).contains(READ);
    assertThat(flights.share(KEY, AS_OF + 1, LONG, SingleFlightTest::landed)).contains(READ);
    assertThatThrownBy(() -> flights.share(KEY, 0, LONG, SingleFlightTest::notHere))
        .isInstanceOf(AssertionError.class);
    assertThat(flights.share(KEY, 0, LONG, SingleFlightTest::landed)).contains(READ);
  }
}
