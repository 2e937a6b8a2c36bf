package dev.tidemark.relay.settings;

/// Guarantee for a reader of the topics.
public enum Delivery {
  EXACTLY_ONCE,
  AT_LEAST_ONCE
}
