package dev.tidemark.cache.redis;

import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Answer of the command `INFO`, [Redis manual](https://redis.io/docs/latest/commands/info/).
/// Immutable.
final class RedisReport {

  /// Pattern of a field such as `slave0:ip=127.0.0.1,port=6380,state=online,offset=56,lag=1`.
  private static final Pattern REPLICA = Pattern.compile("slave\\d+");

  private static final Pattern LAG = Pattern.compile("(?:^|,)lag=(\\d+)");

  private final Map<String, String> fields;

  RedisReport(String text) {
    this.fields =
        text.lines()
            .filter(line -> line.indexOf(':') > 0)
            .map(line -> line.split(":", 2))
            .collect(Collectors.toMap(pair -> pair[0], pair -> pair[1], (first, _) -> first));
  }

  Map<String, String> fields() {
    return fields;
  }

  boolean isPrimary() {
    return "master".equals(fields.get("role"));
  }

  String runId() {
    return fields.getOrDefault("run_id", "");
  }

  /// Returns the replication id; empty for a primary that was never a replica: when its first
  /// replica comes it takes another id, and nothing is lost.
  String replicationId() {
    return fields.getOrDefault("master_replid2", "").chars().allMatch(digit -> digit == '0')
        ? ""
        : fields.getOrDefault("master_replid", "");
  }

  /// Returns the lag of the slowest replica.
  Optional<Duration> replicationLag() {
    return fields.entrySet().stream()
        .filter(field -> REPLICA.matcher(field.getKey()).matches())
        .map(field -> LAG.matcher(field.getValue()))
        .filter(Matcher::find)
        .map(lag -> Duration.ofSeconds(Long.parseLong(lag.group(1))))
        .max(Comparator.naturalOrder());
  }
}
