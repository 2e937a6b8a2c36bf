package dev.tidemark.relay.status;

/// Tells whether the invalidators follow a topic that the relay fills. Immutable.
public record TopicFollower(String topic, Followed followed) {

  public enum Followed {
    YES,
    NO,
    /// Kafka did not answer, or this relay may not ask.
    UNKNOWN
  }
}
