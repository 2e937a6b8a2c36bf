package dev.tidemark.service.status;

/// State of a service, as it tells it at `/status`.
///
/// The service and its reader may be of different versions. A name that the reader does not know is
/// ignored. A name that is missing means what its record says, and where it says nothing: no text,
/// no element, 0, or false.
public sealed interface ServiceReport permits ApiReport, InvalidatorReport, RelayReport {

  /// Returns whether the service is ready, as `/health/ready` says it.
  boolean ready();

  /// Returns the reason why it is ready, or is not, in words.
  String reason();
}
