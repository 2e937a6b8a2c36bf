package dev.tidemark.db;

import dev.tidemark.service.settings.DatabaseUrl;
import dev.tidemark.service.settings.Secret;
import dev.tidemark.service.settings.ServiceLinks;
import dev.tidemark.service.settings.SettingNames;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/// What `migrate` is told by the environment.
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

  static final String SCHEMA = "TIDEMARK_DB_SCHEMA";
  static final String WAIT = "TIDEMARK_DB_WAIT_SECONDS";
  static final String SLOT_FAILOVER = "TIDEMARK_DB_SLOT_FAILOVER";
  static final int DEFAULT_WAIT_SECONDS = 60;
  private static final int LONGEST_WAIT_SECONDS = 3600;

  private static final Pattern SCHEMA_FORM = Pattern.compile("[a-z_][a-z0-9_]{0,62}");

  Configuration {
    passwords = Map.copyOf(passwords);
  }

  /// @throws IllegalArgumentException with one line for each thing that is wrong
  static Configuration from(Map<String, String> variables) {
    Map<String, String> environment =
        ServiceLinks.passedOver(variables, LoggerFactory.getLogger(Configuration.class)::info);
    List<String> faults = new ArrayList<>(unknownNames(environment));
    DatabaseUrl database = attempt(() -> DatabaseUrl.from(environment), faults);
    String schema = environment.getOrDefault(SCHEMA, Migration.DEFAULT_SCHEMA).strip();
    if (!SCHEMA_FORM.matcher(schema).matches()) {
      faults.add(
          SCHEMA
              + " is \""
              + schema
              + "\", not a name of 1 to 63 lower-case letters, digits and _, the first a letter or"
              + " _");
    }
    Duration patience = attempt(() -> patience(environment.get(WAIT)), faults);
    Map<Login, String> passwords = new EnumMap<>(Login.class);
    for (Login login : Login.values()) {
      Optional<String> password = attempt(() -> password(login, environment), faults);
      if (password != null) {
        password.ifPresent(text -> passwords.put(login, text));
      }
    }
    Optional<Boolean> failover =
        attempt(() -> trueOrFalse(SLOT_FAILOVER, environment.get(SLOT_FAILOVER)), faults);
    if (database == null || patience == null || failover == null || !faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", faults));
    }
    return new Configuration(database, schema, patience, passwords, failover);
  }

  private static List<String> unknownNames(Map<String, String> environment) {
    return SettingNames.unknown(environment.keySet(), "TIDEMARK_DB_", Configuration::isOwn).stream()
        .map(name -> name + " is not a setting")
        .toList();
  }

  private static boolean isOwn(String name) {
    return name.equals(SCHEMA)
        || name.equals(WAIT)
        || name.equals(SLOT_FAILOVER)
        || List.of(Login.values()).stream()
            .anyMatch(
                login -> name.equals(login.variable()) || name.equals(login.variable() + "_FILE"));
  }

  private static Duration patience(@Nullable String text) {
    if (text == null) {
      return Duration.ofSeconds(DEFAULT_WAIT_SECONDS);
    }
    try {
      int seconds = Integer.parseInt(text.strip());
      if (seconds >= 0 && seconds <= LONGEST_WAIT_SECONDS) {
        return Duration.ofSeconds(seconds);
      }
    } catch (NumberFormatException e) {
      // Told below, with the values out of range.
    }
    throw new IllegalArgumentException(
        WAIT
            + " is \""
            + text
            + "\", not a whole number of seconds from 0 to "
            + LONGEST_WAIT_SECONDS);
  }

  private static Optional<Boolean> trueOrFalse(String name, @Nullable String text) {
    return switch (text) {
      case null -> Optional.empty();
      case "true" -> Optional.of(true);
      case "false" -> Optional.of(false);
      default ->
          throw new IllegalArgumentException(
              name + " is \"" + text + "\", but must be true or false");
    };
  }

  private static Optional<String> password(Login login, Map<String, String> environment) {
    Optional<String> password = Secret.read(login.variable(), environment);
    if (password.isPresent() && password.get().isEmpty()) {
      throw new IllegalArgumentException(login.variable() + " is empty");
    }
    return password;
  }

  private static <T> @Nullable T attempt(Supplier<T> reading, List<String> faults) {
    try {
      return reading.get();
    } catch (IllegalArgumentException e) {
      faults.add(String.valueOf(e.getMessage()));
      return null;
    }
  }
}
