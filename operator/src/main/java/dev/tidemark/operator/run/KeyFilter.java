package dev.tidemark.operator.run;

import java.util.List;
import java.util.Optional;

/// Choice of the aggregates that a command applies to, by their ids.
///
/// @param ids exactly these; none: all
/// @param prefix those that begin so; empty: all
public record KeyFilter(List<String> ids, Optional<String> prefix) {

  public KeyFilter {
    ids = List.copyOf(ids);
  }

  public boolean isAll() {
    return ids.isEmpty() && prefix.isEmpty();
  }

  /// Returns whether a key is chosen.
  ///
  /// @param key of the cache, `<aggregatetype>:<id>`
  public boolean contains(String key) {
    return hasId(key.substring(key.indexOf(':') + 1));
  }

  public boolean hasId(String id) {
    return (ids.isEmpty() || ids.contains(id)) && prefix.map(id::startsWith).orElse(true);
  }

  /// Returns the arguments of the command, with a space before each.
  public String arguments() {
    StringBuilder text = new StringBuilder();
    ids.forEach(id -> text.append(" --key ").append(quoted(id)));
    prefix.ifPresent(start -> text.append(" --prefix ").append(quoted(start)));
    return text.toString();
  }

  /// Returns the text quoted for a shell.
  public static String quoted(String text) {
    return text.matches("[A-Za-z0-9._:/@%+=-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }
}
