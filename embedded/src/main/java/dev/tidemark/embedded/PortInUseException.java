package dev.tidemark.embedded;

/// Thrown when the port for a server is in use by another program.
public final class PortInUseException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  PortInUseException(int port, String name) {
    super(
        "port %d is already in use by another program; %s needs it: stop that program or choose another port"
            .formatted(port, name));
  }
}
