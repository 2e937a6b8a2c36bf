package dev.tidemark.operator.audit;

import dev.tidemark.cache.redis.RedisInspection;
import dev.tidemark.operator.run.KeyFilter;
import dev.tidemark.operator.run.TimeSpanOption;
import java.time.Duration;
import java.util.OptionalInt;

/// What an audit looks at, and what it does about it.
///
/// @param sample so many keys by chance; empty: all, of which `keys` chooses
/// @param grace how long an entry may be behind: the live path is on its way
record AuditScope(OptionalInt sample, KeyFilter keys, boolean repair, Duration grace) {

  AuditKeys of(RedisInspection cache) {
    if (!keys.ids().isEmpty()) {
      return AuditKeys.of(keys.ids().stream().filter(keys::hasId).distinct().toList());
    }
    return sample.isPresent()
        ? AuditKeys.sample(cache, sample.getAsInt())
        : AuditKeys.all(cache, keys.prefix().orElse(""));
  }

  /// `all`, `chosen`, or `sample of 10000`.
  String scope() {
    if (!keys.isAll()) {
      return "chosen";
    }
    return sample.isPresent() ? "sample of " + sample.getAsInt() : "all";
  }

  /// As the arguments of a command, with a space before each.
  String arguments() {
    String which = keys.arguments();
    if (which.isEmpty()) {
      which = sample.isPresent() ? " --sample " + sample.getAsInt() : " --all";
    }
    return which + (repair ? " --repair" : "") + " --grace " + TimeSpanOption.text(grace);
  }
}
