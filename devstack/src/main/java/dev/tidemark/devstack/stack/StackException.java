package dev.tidemark.devstack.stack;

/// Thrown when a command cannot go on, for a reason that its user can do something about. Only the
/// message is shown.
public final class StackException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public StackException(String message) {
    super(message);
  }

  public StackException(String message, Throwable cause) {
    super(message, cause);
  }
}
