package dev.tidemark.db;

import dev.tidemark.service.settings.DatabaseUrl;
import dev.tidemark.service.settings.InvalidSettings;
import dev.tidemark.service.settings.ProgramSettings;
import dev.tidemark.service.settings.Setting;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Settings of `migrate`, from the environment.
///
/// @param schema where the tables are, or are made
/// @param patience how long to wait for a server that does not answer yet
/// @param passwords the login passwords to set; roles without one are left as they are
/// @param slotFailover whether the slot is to be a failover slot; empty: as it is, a new one not
record Configuration(
    DatabaseUrl database,
    String schema,
    Duration patience,
    Map<Login, String> passwords,
    Optional<Boolean> slotFailover) {

  private static final Setting<String> SCHEMA =
      Setting.matching(
          "TIDEMARK_DB_SCHEMA",
          Migration.DEFAULT_SCHEMA,
          Pattern.compile("[a-z_][a-z0-9_]{0,62}"),
          "schema of the tables, made where it is missing");

  private static final Setting<Duration> WAIT =
      Setting.time(
          "TIDEMARK_DB_WAIT_SECONDS",
          ChronoUnit.SECONDS,
          60,
          0,
          3600,
          "how long to wait for the server");

  static final Setting<Optional<Boolean>> SLOT_FAILOVER =
      Setting.flag("TIDEMARK_DB_SLOT_FAILOVER", "")
          .optional(
              "true: the slot is copied to standbys that are set up for it (PostgreSQL 17 or newer); false: it is not; not set: as it is, a new slot not");

  private static final Map<Login, Setting<Optional<String>>> PASSWORDS = passwordSettings();

  static final ProgramSettings SETTINGS =
      new ProgramSettings(
          "migrate",
          "TIDEMARK_DB_",
          Stream.of(
                  List.of(DatabaseUrl.SETTING, DatabaseUrl.USER_NOTE),
                  PASSWORDS.values(),
                  List.of(SCHEMA, WAIT, SLOT_FAILOVER, ProgramSettings.SECRET_NOTE))
              .<Setting<?>>flatMap(Collection::stream)
              .toList());

  Configuration {
    passwords = Map.copyOf(passwords);
  }

  private static Map<Login, Setting<Optional<String>>> passwordSettings() {
    Map<Login, Setting<Optional<String>>> settings = new EnumMap<>(Login.class);
    for (Login login : Login.values()) {
      settings.put(
          login,
          Setting.secret(login.variable(), "", password -> password)
              .optional("password to set for the role " + login.role()));
    }
    return settings;
  }

  /// Reads the environment.
  ///
  /// @throws InvalidSettings with one line for each thing that is wrong
  static Configuration from(Map<String, String> variables) {
    Map<String, String> environment = SETTINGS.check(variables);
    Map<Login, String> passwords = new EnumMap<>(Login.class);
    PASSWORDS.forEach(
        (login, setting) ->
            setting.from(environment).ifPresent(password -> passwords.put(login, password)));
    return new Configuration(
        DatabaseUrl.SETTING.from(environment),
        SCHEMA.from(environment),
        WAIT.from(environment),
        passwords,
        SLOT_FAILOVER.from(environment));
  }
}
