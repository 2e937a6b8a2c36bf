package dev.tidemark.invalidator.settings;

import dev.tidemark.service.settings.Setting;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Settings of the running audit. Immutable.
///
/// @param share of the events that are audited: above 0, at most 1
/// @param within times after its commit at which an event is checked, shortest first; an entry that
///   is older than the event at the last of them is stale
/// @param mostPending events that are kept in mind at most
public record AuditSettings(double share, List<Duration> within, int mostPending) {

  private enum Mode {
    OFF,
    SAMPLED,
    FULL
  }

  private static final Setting<Mode> MODE =
      Setting.choice(
          "TIDEMARK_INVALIDATOR_AUDIT",
          "sampled",
          Map.of("off", Mode.OFF, "sampled", Mode.SAMPLED, "full", Mode.FULL),
          "off, sampled or full: check the cache some time after each event, and evict what is stale");

  /// Share of the audited events. The default costs next to nothing, and still finds any fault that
  /// occurs repeatedly.
  private static final Setting<Double> SAMPLE =
      Setting.of(
          "TIDEMARK_INVALIDATOR_AUDIT_SAMPLE",
          0.01,
          AuditSettings::share,
          "a number above 0 and at most 1",
          "share of the events that is audited when sampled (0.01)");

  static final List<Setting<?>> SETTINGS = List.of(MODE, SAMPLE);

  private static final List<Duration> WITHIN =
      List.of(Duration.ofSeconds(2), Duration.ofSeconds(10), Duration.ofSeconds(60));

  /// Largest number of pending events, at about 150 bytes each, of the 320 MB of a small
  /// invalidator.
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

  /// Reads the environment; empty when the audit is off.
  static Optional<AuditSettings> from(Map<String, String> environment) {
    return switch (MODE.from(environment)) {
      case OFF -> Optional.empty();
      case SAMPLED -> Optional.of(of(SAMPLE.from(environment)));
      case FULL -> Optional.of(of(1));
    };
  }

  private static Optional<Double> share(String text) {
    try {
      return Optional.of(Double.parseDouble(text)).filter(share -> share > 0 && share <= 1);
    } catch (NumberFormatException notANumber) {
      return Optional.empty();
    }
  }

  /// Returns settings with the default times.
  public static AuditSettings of(double share) {
    return new AuditSettings(share, WITHIN, MOST_PENDING);
  }

  public Duration last() {
    return within.getLast();
  }
}
