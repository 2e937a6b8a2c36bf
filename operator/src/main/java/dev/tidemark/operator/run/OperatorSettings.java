package dev.tidemark.operator.run;

import dev.tidemark.invalidation.RedisTarget;
import dev.tidemark.service.settings.ProgramSettings;

/// The check of what the operators' commands read of the environment. Each command names the
/// settings that it needs.
public final class OperatorSettings {

  /// None begins with the prefix: those are the invalidator's, so that one environment serves both.
  public static final ProgramSettings SETTINGS =
      new ProgramSettings("the operators' commands", "TIDEMARK_OPERATOR_", RedisTarget.SETTINGS);

  private OperatorSettings() {}
}
