package dev.tidemark.invalidator.settings;

import dev.tidemark.service.settings.DatabaseUrl;
import dev.tidemark.service.settings.ServiceLinks;
import dev.tidemark.service.settings.SettingNames;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.LoggerFactory;

/// The settings of the invalidator, all from the environment, all checked before anything starts.
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

  private static final String GROUP = "KAFKA_GROUP_ID";
  public static final String DATABASE = "DATABASE_URL";
  private static final String REWIND = "TIDEMARK_INVALIDATOR_REWIND_SECONDS";
  private static final String ADMIN_HOST = "TIDEMARK_INVALIDATOR_ADMIN_HOST";
  private static final String ADMIN_PORT = "TIDEMARK_INVALIDATOR_ADMIN_PORT";
  private static final Set<String> OWN =
      Set.of(
          RedisTarget.TIMEOUT,
          REWIND,
          AuditSettings.MODE,
          AuditSettings.SAMPLE,
          ADMIN_HOST,
          ADMIN_PORT);

  private static final int LARGEST_PORT = 65_535;
  private static final int LONGEST_REWIND_SECONDS = 86_400;

  /// What is wrong with the environment, one line for each fault.
  public static final class Invalid extends RuntimeException {
    Invalid(List<String> faults) {
      super(String.join(System.lineSeparator(), faults));
    }
  }

  /// Reads the environment.
  ///
  /// @throws Invalid naming every variable that is wrong, and what is allowed
  public static Configuration from(Map<String, String> variables) {
    Environment environment = checkedNames(variables);
    Configuration configuration =
        new Configuration(
            KafkaSettings.from(environment),
            RedisTarget.from(environment),
            group(environment),
            Duration.ofSeconds(environment.number(REWIND, 60, 1, LONGEST_REWIND_SECONDS)),
            AuditSettings.from(environment),
            database(environment),
            environment.text(ADMIN_HOST, "127.0.0.1"),
            environment.number(ADMIN_PORT, 8083, 0, LARGEST_PORT));
    if (configuration.group().isBlank()) {
      environment.fault(GROUP + " is empty");
    }
    environment.check();
    return configuration;
  }

  public static String group(Environment environment) {
    return environment.text(GROUP, "tidemark-invalidator");
  }

  /// The environment, with a fault for each name that no program has.
  public static Environment checkedNames(Map<String, String> variables) {
    Environment environment =
        new Environment(
            ServiceLinks.passedOver(variables, LoggerFactory.getLogger(Configuration.class)::info));
    SettingNames.unknown(environment.variables().keySet(), "TIDEMARK_INVALIDATOR_", OWN::contains)
        .forEach(
            name ->
                environment.fault(
                    name
                        + " is not a setting of the invalidator; there are "
                        + String.join(", ", OWN.stream().sorted().toList())));
    return environment;
  }

  public static Optional<DatabaseUrl> database(Environment environment) {
    if (!environment.variables().containsKey(DATABASE)) {
      return Optional.empty();
    }
    try {
      return Optional.of(DatabaseUrl.from(environment.variables()));
    } catch (IllegalArgumentException e) {
      environment.fault(String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }
}
