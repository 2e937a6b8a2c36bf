package dev.tidemark.relay.status;

/// Something about a server that is not as the relay needs it. Immutable.
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
    /// An error: what is written while it lasts passes the stream by. When it is put right, the
    /// relay fetches that from the table.
    ROWS_PASS_BY,
    /// An error that the relay repairs by itself, if it has had this slot before.
    SLOT_GONE,
    /// The stream flows, and a time may come when it does not.
    WARNING
  }

  public boolean isError() {
    return severity != Severity.WARNING;
  }

  public String text() {
    return what + ": " + remedy;
  }

  /// The finding in one line, for people.
  public String line() {
    return (isError() ? "ERROR " : "WARNING ") + text();
  }
}
