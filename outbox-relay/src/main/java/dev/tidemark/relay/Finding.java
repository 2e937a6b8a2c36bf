package dev.tidemark.relay;

/// Something about a server that is not as the relay needs it. Immutable.
///
/// @param what is wrong; without figures that change by themselves, so that a finding that stays is
///   equal to itself
/// @param remedy what an operator does about it
record Finding(Server server, Severity severity, String what, String remedy) {

  enum Server {
    POSTGRESQL,
    KAFKA
  }

  enum Severity {
    /// Events are not published, or are lost on the way.
    ERROR,
    /// The stream flows, and a time may come when it does not.
    WARNING
  }

  boolean isError() {
    return severity == Severity.ERROR;
  }

  String text() {
    return what + ": " + remedy;
  }
}
