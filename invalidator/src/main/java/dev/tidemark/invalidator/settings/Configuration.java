package dev.tidemark.invalidator.settings;

import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidation.RedisTarget;
import dev.tidemark.service.settings.DatabaseUrl;
import dev.tidemark.service.settings.InvalidSettings;
import dev.tidemark.service.settings.KafkaClientSettings;
import dev.tidemark.service.settings.ProgramSettings;
import dev.tidemark.service.settings.Setting;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// Settings of the invalidator. All come from the environment, and all are checked before anything
/// starts.
///
/// @param rewind so much of what was applied is applied again after a failover or restart of Redis
/// @param audit how the cache is audited meanwhile; empty: not at all
/// @param database where an audit asks what was committed, where it may
public record Configuration(
    KafkaSettings kafka,
    RedisTarget redis,
    String group,
    Duration rewind,
    Optional<AuditSettings> audit,
    Optional<DatabaseUrl> database,
    String adminHost,
    int adminPort) {

  private static final Setting<Duration> REWIND =
      Setting.time(
          "TIDEMARK_INVALIDATOR_REWIND_SECONDS",
          ChronoUnit.SECONDS,
          60,
          1,
          86_400,
          "so much is applied again when Redis may have lost it: longer than its replicas are ever behind");

  private static final Setting<Optional<DatabaseUrl>> DATABASE =
      DatabaseUrl.SETTING.optional(
          "where the audit asks what was committed, as tidemark_audit; optional");

  private static final Setting<String> ADMIN_HOST =
      Setting.text(
          "TIDEMARK_INVALIDATOR_ADMIN_HOST", "127.0.0.1", "where health and metrics are served");

  public static final Setting<Integer> ADMIN_PORT =
      Setting.port("TIDEMARK_INVALIDATOR_ADMIN_PORT", 8083, "and on which port");

  public static final ProgramSettings SETTINGS =
      new ProgramSettings(
          "the invalidator",
          "TIDEMARK_INVALIDATOR_",
          Stream.of(
                  KafkaSettings.SETTINGS,
                  List.of(KafkaClientSettings.GROUP),
                  RedisTarget.SETTINGS,
                  List.of(REWIND),
                  AuditSettings.SETTINGS,
                  List.of(
                      DATABASE,
                      DatabaseUrl.USER_NOTE,
                      ADMIN_HOST,
                      ADMIN_PORT,
                      ProgramSettings.TELEMETRY_NOTE,
                      ProgramSettings.SECRET_NOTE))
              .<Setting<?>>flatMap(List::stream)
              .toList());

  /// Reads the environment.
  ///
  /// @throws InvalidSettings naming every variable that is wrong, and what is allowed
  public static Configuration from(Map<String, String> variables) {
    Map<String, String> environment = SETTINGS.check(variables);
    return new Configuration(
        KafkaSettings.from(environment),
        RedisTarget.from(environment),
        KafkaClientSettings.GROUP.from(environment),
        REWIND.from(environment),
        AuditSettings.from(environment),
        DATABASE.from(environment),
        ADMIN_HOST.from(environment),
        ADMIN_PORT.from(environment));
  }
}
