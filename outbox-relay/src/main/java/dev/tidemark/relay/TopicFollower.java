package dev.tidemark.relay;

/// Whether the invalidators follow a topic that the relay fills. Immutable.
record TopicFollower(String topic, Followed followed) {

  enum Followed {
    YES,
    NO,
    /// Kafka did not answer, or this relay may not ask.
    UNKNOWN
  }
}
