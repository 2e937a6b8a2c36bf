package dev.tidemark.invalidator.settings;

import io.helidon.health.HealthCheck;
import io.helidon.health.HealthCheckResponse;
import io.helidon.health.HealthCheckType;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reason why something that the invalidator needs does not work now, in words; nothing when it
/// works. The user of the thing reports it, readiness asks for it, and each change is logged once.
/// Thread-safe.
public final class ReadinessReason implements HealthCheck {

  private static final Logger log = LoggerFactory.getLogger(ReadinessReason.class);
  private static final String UNKNOWN = "not tried yet";

  private final String name;
  private final AtomicReference<Optional<String>> reason =
      new AtomicReference<>(Optional.of(UNKNOWN));

  /// Begins as not ready, until something else is reported.
  public ReadinessReason(String name) {
    this.name = name;
  }

  public void block(String words) {
    Optional<String> before = reason.getAndSet(Optional.of(words));
    if (before.isEmpty() || before.get().equals(UNKNOWN)) {
      log.atWarn()
          .addKeyValue("what", name)
          .addKeyValue("reason", words)
          .log("dependency unavailable; retrying");
    }
  }

  public void clear() {
    Optional<String> before = reason.getAndSet(Optional.empty());
    if (before.isPresent() && !before.get().equals(UNKNOWN)) {
      log.atInfo().addKeyValue("what", name).addKeyValue("was", before.get()).log("works again");
    }
  }

  public Optional<String> reason() {
    return reason.get();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public HealthCheckType type() {
    return HealthCheckType.READINESS;
  }

  @Override
  public HealthCheckResponse call() {
    Optional<String> now = reason();
    return HealthCheckResponse.builder()
        .status(now.isEmpty())
        .detail("reason", now.orElse("works"))
        .build();
  }
}
