package dev.tidemark.cache.redis;

import java.util.Map;

/// What a Redis process tells of itself by the command `INFO`, for whoever watches it.
///
/// @param info the fields under Redis's own names; empty when it did not answer
public record RedisNode(String address, Map<String, String> info) {

  public RedisNode {
    info = Map.copyOf(info);
  }

  public boolean answers() {
    return !info.isEmpty();
  }

  /// Empty for a field that is not there.
  public String field(String name) {
    return info.getOrDefault(name, "");
  }

  /// 0 for a field that is not there, or is no whole number.
  public long number(String name) {
    String text = field(name);
    return text.matches("\\d{1,18}") ? Long.parseLong(text) : 0;
  }
}
