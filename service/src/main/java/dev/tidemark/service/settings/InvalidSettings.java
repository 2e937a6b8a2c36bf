package dev.tidemark.service.settings;

import java.util.List;

/// Faults of the environment: one line for each, which names the variable and what is allowed.
public final class InvalidSettings extends IllegalArgumentException {

  public InvalidSettings(List<String> faults) {
    super(String.join(System.lineSeparator(), faults));
  }
}
