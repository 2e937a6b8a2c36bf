package dev.tidemark.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.opentelemetry.api.metrics.MeterProvider;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class DatabaseGateTest {

  private final DatabaseGate gate =
      new DatabaseGate(
          1, Duration.ofMinutes(1), new CacheMetrics(MeterProvider.noop().get("test")));

  @Test
  void whatTheSourceBringsComesThrough() {
    assertThat(gate.<String>read("k", () -> "brought")).isEqualTo("brought");
    assertThat(gate.<String>readIfFree("k", () -> "brought")).isEqualTo("brought");
  }

  @Test
  void whatCanBeLeftUndoneDoesNotWait() {
    gate.read(
        "k",
        () ->
            assertThatThrownBy(() -> gate.readIfFree("other", () -> "brought"))
                .isInstanceOf(DatabaseBusyException.class));
  }

  @Test
  void afterAFailureTheNextIsLetThrough() {
    IOException failure = new IOException("no database");
    assertThatThrownBy(
            () ->
                gate.read(
                    "k",
                    () -> {
                      throw failure;
                    }))
        .isInstanceOf(SourceException.class)
        .hasCause(failure);
    assertThat(gate.<String>readIfFree("k", () -> "brought")).isEqualTo("brought");
  }

  @Test
  void whoIsInterruptedBeforeItsTurnStaysInterrupted() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> gate.read("k", () -> "brought"))
        .isInstanceOf(SourceException.class)
        .hasCauseInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertThat(gate.<String>readIfFree("k", () -> "brought")).isEqualTo("brought");
  }

  @Test
  void whoIsInterruptedWhileReadingStaysInterrupted() {
    assertThatThrownBy(
            () ->
                gate.read(
                    "k",
                    () -> {
                      throw new InterruptedException();
                    }))
        .isInstanceOf(SourceException.class)
        .hasCauseInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isTrue();
  }
}
