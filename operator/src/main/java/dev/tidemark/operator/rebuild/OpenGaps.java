package dev.tidemark.operator.rebuild;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Keys whose newest version came without those before it, in the part of the topics that was read
/// so far. Either events were lost, or the version has no valid origin. Thread-safe.
///
/// Partitions are read in any order, so missing versions may come later. After partitions were
/// added, a key has its older versions in one and its newer ones in another (H39). A state that is
/// told again comes from the database itself, and needs none before it.
final class OpenGaps {

  private final Map<String, Gap> open = new ConcurrentHashMap<>();

  /// @param after up to here nothing is missing
  /// @param before the version that came too early
  record Gap(long after, long before) {

    /// Returns a gap that no single version closes, because more than one is missing.
    private Gap another() {
      return new Gap(after, Long.MAX_VALUE);
    }
  }

  /// Notes a version of the key.
  ///
  /// @param known the newest that came before; 0 without one
  /// @param isSure whether those before it must be there
  /// @param isToldAgain whether it is a state told again
  void saw(String key, long known, long version, boolean isSure, boolean isToldAgain) {
    if (isToldAgain && version >= known) {
      open.remove(key);
    } else if (isSure && known > 0 && version > known + 1) {
      open.merge(key, new Gap(known, version), (first, _) -> first.another());
    } else if (!open.isEmpty()) {
      open.computeIfPresent(key, (_, gap) -> closer(gap, version));
    }
  }

  private static @Nullable Gap closer(Gap gap, long version) {
    if (version != gap.after() + 1) {
      return gap;
    }
    return version + 1 == gap.before() ? null : new Gap(version, gap.before());
  }

  Optional<Gap> of(String key) {
    return Optional.ofNullable(open.get(key));
  }
}
