package dev.tidemark.cache;

import org.jspecify.annotations.Nullable;

/// The source of a key could not be read; the cause tells why. Nothing was stored. Reads that
/// waited for the same read of the source get one each, with the same cause.
public final class SourceException extends RuntimeException {

  SourceException(String key, @Nullable Throwable cause) {
    super("the source of " + key + " could not be read: " + cause, cause);
  }
}
