package dev.tidemark.relay.session;

import static org.awaitility.Awaitility.await;

import dev.tidemark.relay.checks.Check;
import dev.tidemark.relay.status.Finding;
import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.service.settings.DatabaseUrl;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;

class HousekeepingIT {
  private static final Duration SHORT = Duration.ofMillis(100);

  /// A task that ended silently would leave its findings, or the slot, as they were last seen.
  @Test
  void taskGoesOnAfterAnError_H55() {
    var calls = new AtomicInteger();
    var broken =
        new Check() {
          @Override
          public Finding.Server server() {
            return Finding.Server.KAFKA;
          }

          @Override
          public List<Finding> findings() {
            calls.incrementAndGet();
            throw new NoClassDefFoundError("thrown by the test");
          }
        };
    var nobodyListens = DatabaseUrl.parse("postgresql://nobody@127.0.0.1:1/none").dataSource("it");

    try (var housekeeping =
        new Housekeeping(
            Jdbi.create(nobodyListens),
            "none",
            Optional.empty(),
            List.of(broken),
            new RelayStatus(Clock.systemUTC()),
            new Housekeeping.Pauses(SHORT, SHORT, SHORT))) {
      housekeeping.start();

      await().atMost(Duration.ofSeconds(60)).until(() -> calls.get() >= 2);
    }
  }
}
