package dev.tidemark.relay.status;

/// Something about a server that differs from the needs of the relay. Immutable.
///
/// @param what is wrong; without figures that change by themselves, so that a finding that stays is
///   equal to itself
/// @param remedy what an operator does about it
public record Finding(Server server, Severity severity, String what, String remedy) {

  public enum Server {
    POSTGRESQL,
    KAFKA
  }

  public enum Severity {
    /// Events are not published.
    ERROR,
    /// An error during which new rows do not enter the stream. When it is repaired, the relay
    /// fetches them from the table.
    ROWS_PASS_BY,
    /// An error that the relay repairs by itself, if it has had this slot before.
    SLOT_GONE,
    /// The stream works now, but may stop later.
    WARNING
  }

  public boolean isError() {
    return severity != Severity.WARNING;
  }

  public String text() {
    return what + ": " + remedy;
  }

  /// Returns the finding in one line, for people.
  public String line() {
    return (isError() ? "ERROR " : "WARNING ") + text();
  }
}
