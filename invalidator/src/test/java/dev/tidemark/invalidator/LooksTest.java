package dev.tidemark.invalidator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LooksTest {

  @Test
  void aLookThatFailsUnexpectedlyIsRepeated_H55() {
    AtomicInteger made = new AtomicInteger();
    try (Looks looks = new Looks(Duration.ofMillis(1))) {
      looks.repeat(
          "test",
          () -> {
            switch (made.incrementAndGet()) {
              case 1 -> throw new IllegalStateException("an exception that nobody expects");
              case 2 -> throw new AssertionError("nor an error");
              default -> {}
            }
          });
      await("looks after those that failed")
          .atMost(Duration.ofSeconds(30))
          .until(() -> made.get() > 2);
    }
    assertThat(made).hasValueGreaterThan(2);
  }
}
