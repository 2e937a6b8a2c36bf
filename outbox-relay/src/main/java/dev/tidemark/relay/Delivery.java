package dev.tidemark.relay;

/// What a reader of the topics may count on.
enum Delivery {
  EXACTLY_ONCE,
  AT_LEAST_ONCE
}
