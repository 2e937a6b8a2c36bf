package dev.tidemark.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.api.Readiness;
import io.helidon.health.HealthCheckResponse;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

final class AdmissionTest {

  private final AtomicLong nanos = new AtomicLong(-5);
  private final Admission admission =
      new Admission(2, new BytesUnderWay(1), () -> false, nanos::get);
  private final Readiness readiness = Readiness.admission(admission);

  private boolean isReady() {
    return readiness.call().status() == HealthCheckResponse.Status.UP;
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Test
  void whereNoRequestIsTakenOnForLongItIsNotReady_H45() {
    assertThat(admission.tryEnter()).isTrue();
    assertThat(admission.tryEnter()).isTrue();
    assertThat(admission.tryEnter()).isFalse();
    assertThat(isReady()).isTrue();
    pass(Duration.ofSeconds(11));
    assertThat(isReady()).isFalse();
    assertThat(readiness.call().details().get("reason").toString())
        .contains("11 seconds", "TIDEMARK_API_REQUESTS");
    admission.leave();
    assertThat(isReady()).isTrue();
  }

  @Test
  void whileOthersAreTakenOnInBetweenItIs() {
    assertThat(admission.tryEnter()).isTrue();
    for (int i = 0; i < 10; i++) {
      assertThat(admission.tryEnter()).isTrue();
      assertThat(admission.tryEnter()).isFalse();
      pass(Duration.ofSeconds(9));
      admission.leave();
      assertThat(admission.tryEnter()).isTrue();
      assertThat(isReady()).isTrue();
      admission.leave();
    }
  }
}
