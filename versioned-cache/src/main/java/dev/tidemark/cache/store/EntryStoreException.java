package dev.tidemark.cache.store;

/// The store did not answer, or answered with an error. Whether the operation was applied is
/// unknown. A reader goes to its source instead; an eviction must be repeated until it is answered.
public final class EntryStoreException extends RuntimeException {

  /// How much is wrong.
  public enum Fault {
    /// No connection was free in time: many readers are here, which says nothing of the server.
    CROWDED,
    /// This operation was refused (no memory); others may well work.
    REFUSED,
    /// No answer in time, or the answer that the server cannot serve now. Once is an accident.
    SILENT,
    /// The server answers, and takes no writes (a failed snapshot, too few replicas, demoted, no
    /// right, no scripts): so no evictions either, and what it holds grows old.
    UNWRITABLE,
    /// Nothing listens there: the server is down.
    DOWN
  }

  private final Fault fault;

  public EntryStoreException(String message, Fault fault, Throwable cause) {
    super(message, cause);
    this.fault = fault;
  }

  private EntryStoreException(String message) {
    super(message, null, false, false);
    this.fault = Fault.SILENT;
  }

  /// For an operation that was not even sent, because those before it were not answered.
  public static EntryStoreException notTried(String key) {
    return new EntryStoreException("not sent, Redis did not answer lately: " + key);
  }

  public Fault fault() {
    return fault;
  }
}
