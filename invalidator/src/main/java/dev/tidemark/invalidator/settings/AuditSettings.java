package dev.tidemark.invalidator.settings;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// How the running invalidator audits the cache. Immutable.
///
/// @param share of the events that are audited: above 0, at most 1
/// @param within so long after its commit an event is checked, shortest first; what is older than
///   the event at the last of them is stale
/// @param mostPending events that are kept in mind at most
public record AuditSettings(double share, List<Duration> within, int mostPending) {

  static final String MODE = "TIDEMARK_INVALIDATOR_AUDIT";
  static final String SAMPLE = "TIDEMARK_INVALIDATOR_AUDIT_SAMPLE";

  /// Costs next to nothing, and comes upon whatever happens again and again.
  private static final double SAMPLED = 0.01;

  private static final List<Duration> WITHIN =
      List.of(Duration.ofSeconds(2), Duration.ofSeconds(10), Duration.ofSeconds(60));

  /// At some 150 bytes each, of the 320 MB that a small invalidator has.
  private static final int MOST_PENDING = 200_000;

  public AuditSettings {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("a share of " + share + " is not above 0 and at most 1");
    }
    if (within.isEmpty() || !within.equals(within.stream().sorted().toList())) {
      throw new IllegalArgumentException("times of " + within + " are none, or not in order");
    }
    if (mostPending < 1) {
      throw new IllegalArgumentException(mostPending + " pending events are less than 1");
    }
    within = List.copyOf(within);
  }

  /// Empty for an audit that is off.
  static Optional<AuditSettings> from(Environment environment) {
    double share = share(environment);
    return switch (environment.text(MODE, "sampled").strip()) {
      case "off" -> Optional.empty();
      case "sampled" -> Optional.of(of(share));
      case "full" -> Optional.of(of(1));
      case String other -> {
        environment.fault("%s is '%s', but must be off, sampled or full".formatted(MODE, other));
        yield Optional.empty();
      }
    };
  }

  private static double share(Environment environment) {
    String text = environment.text(SAMPLE, Double.toString(SAMPLED));
    try {
      double share = Double.parseDouble(text.strip());
      if (share > 0 && share <= 1) {
        return share;
      }
    } catch (NumberFormatException notANumber) {
      // Told below, together with a number out of range.
    }
    environment.fault(
        "%s is '%s', but must be a number above 0 and at most 1".formatted(SAMPLE, text));
    return SAMPLED;
  }

  /// With the times of every day.
  public static AuditSettings of(double share) {
    return new AuditSettings(share, WITHIN, MOST_PENDING);
  }

  public Duration last() {
    return within.getLast();
  }
}
