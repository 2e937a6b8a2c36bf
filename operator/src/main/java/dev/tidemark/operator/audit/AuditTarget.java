package dev.tidemark.operator.audit;

import dev.tidemark.invalidation.RedisTarget;
import dev.tidemark.operator.run.OperatorSettings;
import dev.tidemark.service.settings.DatabaseUrl;
import dev.tidemark.service.settings.InvalidSettings;
import dev.tidemark.service.settings.Setting;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The two stores that the command `audit` compares. Kafka is not asked.
record AuditTarget(RedisTarget redis, DatabaseUrl database) {

  private static final Setting<DatabaseUrl> DATABASE =
      Setting.read(DatabaseUrl.SETTING.label(), DatabaseUrl.SETTING.help(), AuditTarget::database);

  static final List<Setting<?>> SETTINGS =
      Stream.of(RedisTarget.SETTINGS, List.of(DATABASE, DatabaseUrl.USER_NOTE))
          .<Setting<?>>flatMap(List::stream)
          .toList();

  /// Reads the environment.
  ///
  /// @throws InvalidSettings naming every variable that is wrong
  static AuditTarget from(Map<String, String> variables) {
    Map<String, String> environment = OperatorSettings.SETTINGS.check(variables, SETTINGS);
    return new AuditTarget(RedisTarget.from(environment), DATABASE.from(environment));
  }

  private static DatabaseUrl database(Map<String, String> environment) {
    if (environment.getOrDefault(DatabaseUrl.SETTING.label(), "").isBlank()) {
      throw new IllegalArgumentException(
          "DATABASE_URL is not set: the cache is compared with it; the role tidemark_audit may do what that needs");
    }
    return DatabaseUrl.from(environment);
  }
}
