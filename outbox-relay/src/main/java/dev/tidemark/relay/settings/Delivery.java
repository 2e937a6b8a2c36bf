package dev.tidemark.relay.settings;

/// What a reader of the topics may count on.
public enum Delivery {
  EXACTLY_ONCE,
  AT_LEAST_ONCE
}
