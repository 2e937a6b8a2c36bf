package dev.tidemark.relay.checks;

import dev.tidemark.relay.status.Finding;
import java.util.List;

/// Check of one server for anything that differs from the needs of the relay.
public interface Check {
  Finding.Server server();

  /// Returns the current faults. A server that does not answer is a finding, too, not an exception.
  List<Finding> findings();
}
