package dev.tidemark.api.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

final class KeyedAnswerSweepTest {

  private static final Duration SOON = Duration.ofSeconds(30);

  @Test
  void anErrorIsSeenAndDoesNotEndTheSweeps() {
    AtomicInteger sweeps = new AtomicInteger();
    ProductStore store =
        new ProductStore(
            Jdbi.create(
                () -> {
                  sweeps.incrementAndGet();
                  throw new NoClassDefFoundError("dev/tidemark/Gone");
                }));
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    Logger log = (Logger) LoggerFactory.getLogger(KeyedAnswerSweep.class);
    lines.start();
    log.addAppender(lines);
    try (KeyedAnswerSweep sweep = new KeyedAnswerSweep(store, Duration.ofMillis(10))) {
      sweep.start();
      await("a sweep after the one that failed").atMost(SOON).until(() -> sweeps.get() > 1);
    } finally {
      log.detachAppender(lines);
    }
    assertThat(lines.list)
        .first()
        .satisfies(
            line -> {
              assertThat(line.getLevel()).isEqualTo(Level.ERROR);
              assertThat(line.getThrowableProxy().getMessage()).isEqualTo("dev/tidemark/Gone");
            });
  }
}
