package dev.tidemark.embedded;

/// Thrown when a server did not come up. The message gives the reason, and the end of the server's
/// log if there is one.
public final class ServerStartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public ServerStartException(String message) {
    super(message);
  }

  public ServerStartException(String message, Throwable cause) {
    super(message, cause);
  }
}
