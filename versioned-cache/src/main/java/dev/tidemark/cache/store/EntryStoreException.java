package dev.tidemark.cache.store;

/// Thrown when the store did not answer, or answered with an error. It is unknown whether the
/// operation was applied. A reader uses its source instead; an eviction must be repeated until it
/// is answered.
public final class EntryStoreException extends RuntimeException {

  /// Severity of a fault.
  public enum Fault {
    /// No connection was free in time: there are many readers, which says nothing about the server.
    CROWDED,
    /// This operation was refused (no memory). Others may well work.
    REFUSED,
    /// There was no answer in time, or the answer that the server cannot serve now. A single such
    /// case is an accident.
    SILENT,
    /// The server answers, and accepts no writes (a failed snapshot, too few replicas, demoted, no
    /// right, no scripts): so no evictions either, and its entries grow old.
    UNWRITABLE,
    /// No process listens there: the server is down.
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

  /// Returns an exception for an operation that was not even sent, because those before it were not
  /// answered.
  public static EntryStoreException notTried(String key) {
    return new EntryStoreException("not sent, Redis did not answer lately: " + key);
  }

  public Fault fault() {
    return fault;
  }
}
