package dev.tidemark.invalidator;

import java.util.List;
import java.util.Optional;

/// Which aggregates a command is about, by their ids.
///
/// @param ids exactly these; none: all
/// @param prefix those that begin so; empty: all
record KeyChoice(List<String> ids, Optional<String> prefix) {

  KeyChoice {
    ids = List.copyOf(ids);
  }

  boolean isAll() {
    return ids.isEmpty() && prefix.isEmpty();
  }

  /// @param key of the cache, `<aggregatetype>:<id>`
  boolean contains(String key) {
    return hasId(key.substring(key.indexOf(':') + 1));
  }

  boolean hasId(String id) {
    return (ids.isEmpty() || ids.contains(id)) && prefix.map(id::startsWith).orElse(true);
  }

  /// As the arguments of a command, with a space before each.
  String arguments() {
    StringBuilder text = new StringBuilder();
    ids.forEach(id -> text.append(" --key ").append(quoted(id)));
    prefix.ifPresent(start -> text.append(" --prefix ").append(quoted(start)));
    return text.toString();
  }

  /// For a shell.
  static String quoted(String text) {
    return text.matches("[A-Za-z0-9._:/@%+=-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
  }
}
