package dev.tidemark.relay.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.debezium.pipeline.Sizeable;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class DebeziumQueueTest {
  private static final Duration A_WHILE = Duration.ofMillis(100);

  /// Largest number of looks: at most one in 200 µs. Without the pause there are some hundred
  /// thousand.
  private static final int FEW = 510;

  private final DebeziumQueue queue = new DebeziumQueue();

  @Test
  void rowsComeOutInTheOrderInWhichTheyWentIn() {
    Sizeable first = () -> 1;
    Sizeable second = () -> 2;
    queue.enqueue(first);
    queue.enqueue(second);

    assertThat(queue.size()).isEqualTo(2);
    assertThat(queue.poll()).isSameAs(first);
    assertThat(queue.poll()).isSameAs(second);
    assertThat(queue.poll()).isNull();
  }

  @Test
  void whoLooksWithoutEndIsHeldUp() {
    int looks = 0;
    long end = System.nanoTime() + A_WHILE.toNanos();
    while (System.nanoTime() < end) {
      assertThat(queue.size()).isZero();
      looks++;
    }

    assertThat(looks).isLessThan(FEW);
  }

  /// If each look were held up, this would take at least two seconds.
  @Test
  void nobodyIsHeldUpWhileThereAreRows() {
    queue.enqueue(() -> 1);
    long begin = System.nanoTime();
    for (int looks = 0; looks < 10_000; looks++) {
      var _ = queue.size();
    }

    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(2));
  }

  @Test
  void listenerIsToldOfEachFirstRowAfterNone() {
    var settings = new Properties();
    var told = new AtomicInteger();
    var unlisten = DebeziumQueue.listen(settings, told::incrementAndGet);
    queue.configure(
        settings.stringPropertyNames().stream()
            .collect(Collectors.toMap(name -> name, settings::getProperty)));

    queue.enqueue(() -> 1);
    queue.enqueue(() -> 2);
    assertThat(told).hasValue(1);
    queue.poll();
    queue.enqueue(() -> 3);
    assertThat(told).hasValue(1);
    queue.poll();
    queue.poll();
    queue.enqueue(() -> 4);
    assertThat(told).hasValue(2);
    unlisten.run();
  }
}
