package dev.tidemark.api.product;

import java.util.List;

/// Condition on the product before a write. The statement that writes checks it.
public sealed interface Condition {

  /// No condition: the last writer wins.
  record None() implements Condition {}

  /// There is no live product (`If-None-Match: *`).
  record IfAbsent() implements Condition {}

  /// There is a live product (`If-Match: *`).
  record IfPresent() implements Condition {}

  /// There is a live product, at one of these versions (`If-Match: "41"`).
  record IfVersion(List<Long> versions) implements Condition {
    public IfVersion {
      versions = List.copyOf(versions);
    }
  }

  /// There is no live product at one of these versions (`If-None-Match: "41"`).
  record UnlessVersion(List<Long> versions) implements Condition {
    public UnlessVersion {
      versions = List.copyOf(versions);
    }
  }
}
