package dev.tidemark.cache.store;

/// Rule for what may be served: it tells whether a payload can be the state of its key at its
/// version. An entry that breaks the rule is no entry: it is removed, and the source is read.
/// Thread-safe.
///
/// It is asked at each hit, so it is quick.
@FunctionalInterface
public interface PayloadRule {

  boolean allows(String key, CachedValue.Present value);

  /// Returns a rule for payloads of any bytes.
  static PayloadRule any() {
    return (key, value) -> true;
  }
}
