package dev.tidemark.relay.source;

import org.jspecify.annotations.Nullable;

/// The stream of changes broke off, for the reason that it names. Nothing is lost: the log is read
/// again from the confirmed position.
public final class StreamFailed extends RuntimeException {
  public StreamFailed(String reason, @Nullable Throwable cause) {
    super(reason, cause);
  }
}
