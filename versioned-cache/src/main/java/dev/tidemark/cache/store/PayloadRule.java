package dev.tidemark.cache.store;

/// A rule for what may be served: whether a payload can be the state of its key at its version. An
/// entry that breaks it is no entry: it is removed, and the source is read. Thread-safe.
///
/// It is asked at each hit, so it is quick.
@FunctionalInterface
public interface PayloadRule {

  boolean allows(String key, CachedValue.Present value);

  /// For payloads of any bytes.
  static PayloadRule any() {
    return (key, value) -> true;
  }
}
