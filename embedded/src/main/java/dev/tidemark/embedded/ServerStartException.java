package dev.tidemark.embedded;

/// A server did not come up. The message says why, with the end of the server's log where it has
/// one.
public final class ServerStartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ServerStartException(String message) {
    super(message);
  }

  public ServerStartException(String message, Throwable cause) {
    super(message, cause);
  }
}
