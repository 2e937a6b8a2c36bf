package dev.tidemark.cache;

import org.jspecify.annotations.Nullable;

/// Thrown when the source of a key could not be read, with the cause. Nothing was stored. Reads
/// that waited for the same read of the source get one each, with the same cause.
public final class SourceException extends RuntimeException {

  SourceException(String key, @Nullable Throwable cause) {
    super("the source of " + key + " could not be read: " + cause, cause);
  }
}
