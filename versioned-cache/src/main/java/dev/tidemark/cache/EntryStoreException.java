package dev.tidemark.cache;

/// The store did not answer, or answered with an error. Whether the operation was applied is
/// unknown. A reader goes to its source instead; an eviction must be repeated until it is answered.
public final class EntryStoreException extends RuntimeException {

  public EntryStoreException(String message, Throwable cause) {
    super(message, cause);
  }
}
