package dev.tidemark.relay.checks;

import dev.tidemark.relay.status.Finding;
import java.util.List;

/// Looks at one server for what is not as the relay needs it.
public interface Check {
  Finding.Server server();

  /// What is wrong now. A server that does not answer is a finding, too, not an exception.
  List<Finding> findings();
}
