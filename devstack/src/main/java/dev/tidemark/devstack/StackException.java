package dev.tidemark.devstack;

/// A command cannot go on, for a reason that its user can do something about. The message is all
/// that is shown.
final class StackException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StackException(String message) {
    super(message);
  }

  StackException(String message, Throwable cause) {
    super(message, cause);
  }
}
