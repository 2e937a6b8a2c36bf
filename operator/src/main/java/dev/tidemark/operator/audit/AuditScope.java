package dev.tidemark.operator.audit;

import dev.tidemark.cache.redis.RedisInspection;
import dev.tidemark.operator.run.KeyFilter;
import dev.tidemark.operator.run.TimeSpanOption;
import java.time.Duration;
import java.util.OptionalInt;

/// Choice of the entries that an audit looks at, and of what it does with wrong ones.
///
/// @param sample so many keys by chance; empty: all, of which `keys` chooses
/// @param grace time for which an entry may be behind, because the live path is on its way
record AuditScope(OptionalInt sample, KeyFilter keys, boolean repair, Duration grace) {

  AuditKeys of(RedisInspection cache) {
    if (!keys.ids().isEmpty()) {
      return AuditKeys.of(keys.ids().stream().filter(keys::hasId).distinct().toList());
    }
    return sample.isPresent()
        ? AuditKeys.sample(cache, sample.getAsInt())
        : AuditKeys.all(cache, keys.prefix().orElse(""));
  }

  /// Returns `all`, `chosen`, or `sample of 10000`.
  String scope() {
    if (!keys.isAll()) {
      return "chosen";
    }
    return sample.isPresent() ? "sample of " + sample.getAsInt() : "all";
  }

  /// Returns the arguments of the command, with a space before each.
  String arguments() {
    String which = keys.arguments();
    if (which.isEmpty()) {
      which = sample.isPresent() ? " --sample " + sample.getAsInt() : " --all";
    }
    return which + (repair ? " --repair" : "") + " --grace " + TimeSpanOption.text(grace);
  }
}
