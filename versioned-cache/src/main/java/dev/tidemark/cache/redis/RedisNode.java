package dev.tidemark.cache.redis;

import java.util.Map;

/// Report of a Redis process about itself by the command `INFO`, for monitoring.
///
/// @param info the fields under Redis's own names; empty when it did not answer
public record RedisNode(String address, Map<String, String> info) {

  public RedisNode {
    info = Map.copyOf(info);
  }

  public boolean answers() {
    return !info.isEmpty();
  }

  /// Returns a field; empty when it is absent.
  public String field(String name) {
    return info.getOrDefault(name, "");
  }

  /// Returns a number; 0 for a field that is absent, or is no whole number.
  public long number(String name) {
    String text = field(name);
    return text.matches("\\d{1,18}") ? Long.parseLong(text) : 0;
  }
}
