package dev.tidemark.invalidation;

/// Thrown when something that a command needs does not work, with a message that tells the operator
/// what to do.
public final class Unavailable extends RuntimeException {
  public Unavailable(String reason) {
    super(reason);
  }
}
