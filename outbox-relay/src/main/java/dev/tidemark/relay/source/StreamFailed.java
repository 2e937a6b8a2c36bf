package dev.tidemark.relay.source;

import org.jspecify.annotations.Nullable;

/// Thrown when the stream of changes breaks off, with the reason. Nothing is lost: the log is read
/// again from the confirmed position.
public final class StreamFailed extends RuntimeException {
  public StreamFailed(String reason, @Nullable Throwable cause) {
    super(reason, cause);
  }
}
