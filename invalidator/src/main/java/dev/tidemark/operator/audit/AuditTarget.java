package dev.tidemark.operator.audit;

import dev.tidemark.invalidator.settings.Configuration;
import dev.tidemark.invalidator.settings.Environment;
import dev.tidemark.invalidator.settings.RedisTarget;
import dev.tidemark.service.settings.DatabaseUrl;
import java.util.Map;
import java.util.Optional;

/// The two that the command `audit` compares. Kafka is not asked.
record AuditTarget(RedisTarget redis, DatabaseUrl database) {

  /// Reads the environment.
  ///
  /// @throws Configuration.Invalid naming every variable that is wrong
  static AuditTarget from(Map<String, String> variables) {
    Environment environment = Configuration.checkedNames(variables);
    RedisTarget redis = RedisTarget.from(environment);
    Optional<DatabaseUrl> database = Configuration.database(environment);
    if (environment.variables().getOrDefault(Configuration.DATABASE, "").isBlank()) {
      environment.fault(
          "DATABASE_URL is not set: the cache is compared with it; the role tidemark_audit may do what that needs");
    }
    environment.check();
    return new AuditTarget(redis, database.orElseThrow());
  }
}
