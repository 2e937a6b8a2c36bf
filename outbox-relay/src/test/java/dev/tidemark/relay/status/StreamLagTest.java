package dev.tidemark.relay.status;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamLagTest {
  private static final Instant NOW = Instant.parse("2026-03-10T12:00:00Z");

  private final AtomicLong nanos = new AtomicLong(-5);
  private final StreamLag lag = new StreamLag(Clock.fixed(NOW, ZoneOffset.UTC), nanos::get);

  @Test
  void isZeroWhenEveryHeartbeatHasComeThrough() {
    assertThat(lag.lag()).isZero();

    var heartbeat = bytes(lag.heartbeat());
    pass(2);
    assertThat(lag.lag()).hasSeconds(2);

    assertThat(lag.cameThrough(heartbeat)).isTrue();
    assertThat(lag.lag()).isZero();
  }

  @Test
  void growsAcrossSessionsUntilAHeartbeatComesThrough_H50() {
    var before = bytes(lag.heartbeat());
    lag.cameThrough(before);
    pass(1);
    lag.interrupted();
    pass(20);
    lag.interrupted();
    pass(20);
    assertThat(lag.lag()).hasSeconds(40);

    assertThat(lag.cameThrough(before)).as("a heartbeat of the session before").isTrue();
    assertThat(lag.lag()).hasSeconds(40);

    assertThat(lag.cameThrough(bytes(lag.heartbeat()))).isTrue();
    assertThat(lag.lag()).isZero();
  }

  @Test
  void growsUntilAnEventThatWasCommittedLaterComesThrough_H50() {
    lag.interrupted();
    pass(20);

    lag.cameThrough(NOW.minusSeconds(21));
    assertThat(lag.lag()).hasSeconds(20);

    lag.cameThrough(NOW.minusSeconds(19));
    assertThat(lag.lag()).isZero();
  }

  @Test
  void isNotThatOfARelayThatStandsBy() {
    lag.interrupted();
    pass(20);
    lag.notOurs();

    assertThat(lag.lag()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "nobody 9999999999999", "2026-03-10T12:00:00Z", "a b c"})
  void messageOfSomebodyElseTellsNothing_H46a(String message) {
    lag.heartbeat();
    pass(20);

    assertThat(lag.cameThrough(bytes(message))).isFalse();
    assertThat(lag.cameThrough(bytes(message.repeat(1_000)))).isFalse();
    assertThat(lag.lag()).hasSeconds(20);
  }

  private void pass(int seconds) {
    nanos.addAndGet(Duration.ofSeconds(seconds).toNanos());
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }
}
