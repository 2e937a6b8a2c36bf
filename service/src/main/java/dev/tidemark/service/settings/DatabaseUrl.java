package dev.tidemark.service.settings;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.postgresql.PGProperty;
import org.postgresql.ds.PGSimpleDataSource;

/// Address of the database and the user that connects to it. Immutable. Its text never contains the
/// password.
///
/// @param parameters pgjdbc connection properties by name, libpq's names already translated
public record DatabaseUrl(
    String host,
    int port,
    String database,
    String user,
    Optional<String> password,
    Map<String, String> parameters) {

  private static final int DEFAULT_PORT = 5432;
  private static final int LARGEST_PORT = 65535;
  private static final String FORM =
      "postgresql://user[:password]@host[:port]/database[?parameters]";

  public static final Setting<DatabaseUrl> SETTING =
      Setting.read("DATABASE_URL", FORM, DatabaseUrl::from);

  public static final Setting<Boolean> USER_NOTE =
      Setting.note("DATABASE_USER, DATABASE_PASSWORD", "override the user and password in it");

  /// Names of libpq parameters that pgjdbc calls by another name. All others have the same name in
  /// both.
  private static final Map<String, PGProperty> LIBPQ_NAMES =
      Map.of(
          "application_name", PGProperty.APPLICATION_NAME,
          "connect_timeout", PGProperty.CONNECT_TIMEOUT,
          "target_session_attrs", PGProperty.TARGET_SERVER_TYPE,
          "channel_binding", PGProperty.CHANNEL_BINDING,
          "keepalives", PGProperty.TCP_KEEP_ALIVE);

  /// Values of libpq that pgjdbc calls by another name, by libpq's parameter. About a server's role
  /// both know only whether it accepts writes.
  private static final Map<String, Map<String, String>> LIBPQ_VALUES =
      Map.of(
          "target_session_attrs",
          Map.of(
              "any", "any",
              "read-write", "primary",
              "primary", "primary",
              "read-only", "secondary",
              "standby", "secondary",
              "prefer-standby", "preferSecondary"),
          "keepalives",
          Map.of("0", "false", "1", "true"));

  public DatabaseUrl {
    require(!host.isBlank(), "has no host");
    require(port >= 1 && port <= LARGEST_PORT, "has port " + port + ", not 1 to " + LARGEST_PORT);
    require(!database.isBlank(), "has no database name");
    require(!user.isBlank(), "has no user, and DATABASE_USER is not set");
    for (String name : parameters.keySet()) {
      require(PGProperty.forName(name) != null, "has the unknown parameter \"" + name + "\"");
    }
    parameters = Map.copyOf(parameters);
  }

  /// Reads `DATABASE_URL`, and `DATABASE_USER` and `DATABASE_PASSWORD` (or
  /// `DATABASE_PASSWORD_FILE`), which override its parts.
  ///
  /// @throws IllegalArgumentException naming the variable and the fault, never the password
  public static DatabaseUrl from(Map<String, String> environment) {
    String url = environment.getOrDefault("DATABASE_URL", "");
    if (url.isBlank()) {
      throw new IllegalArgumentException("DATABASE_URL is not set; its form is " + FORM);
    }
    return parse(
        url,
        Optional.ofNullable(environment.get("DATABASE_USER")),
        Secret.read("DATABASE_PASSWORD", environment));
  }

  /// Parses the libpq form of an address, [PostgreSQL manual,
  /// 32.1.1.2](https://www.postgresql.org/docs/current/libpq-connect.html).
  public static DatabaseUrl parse(String url) {
    return parse(url, Optional.empty(), Optional.empty());
  }

  private static DatabaseUrl parse(String text, Optional<String> user, Optional<String> password) {
    URI uri = uri(text);
    require(
        "postgresql".equals(uri.getScheme()) || "postgres".equals(uri.getScheme()),
        "does not begin with postgresql://");
    require(uri.getHost() != null, "has no readable host (one host name or address, then :port)");
    Optional<String> userInfo = Optional.ofNullable(uri.getRawUserInfo());
    Optional<String> ownUser = userInfo.map(both -> decoded(both.split(":", 2)[0]));
    Optional<String> ownPassword =
        userInfo.filter(both -> both.contains(":")).map(both -> decoded(both.split(":", 2)[1]));
    String path = uri.getRawPath() == null ? "" : uri.getRawPath();
    String finalUser = user.filter(given -> !given.isBlank()).or(() -> ownUser).orElse("");
    return new DatabaseUrl(
        uri.getHost().replaceAll("[\\[\\]]", ""),
        uri.getPort() == -1 ? DEFAULT_PORT : uri.getPort(),
        path.length() > 1 ? decoded(path.substring(1)) : finalUser,
        finalUser,
        password.or(() -> ownPassword),
        parameters(Optional.ofNullable(uri.getRawQuery()).orElse("")));
  }

  private static URI uri(String text) {
    try {
      return new URI(text.strip());
    } catch (URISyntaxException e) {
      // The exception's own message repeats the whole text, password included.
      throw new IllegalArgumentException(
          "DATABASE_URL is not an address (at character %d: %s); its form is %s, special characters as %%XX"
              .formatted(e.getIndex() + 1, e.getReason(), FORM));
    }
  }

  private static Map<String, String> parameters(String query) {
    Map<String, String> parameters = new LinkedHashMap<>();
    for (String pair : query.split("&", -1)) {
      if (!pair.isEmpty()) {
        String[] parts = pair.split("=", 2);
        require(
            parts.length == 2, "has the parameter \"" + decoded(parts[0]) + "\" without a value");
        PGProperty property = LIBPQ_NAMES.get(parts[0]);
        parameters.put(
            property == null ? decoded(parts[0]) : property.getName(),
            value(parts[0], decoded(parts[1])));
      }
    }
    return parameters;
  }

  private static String value(String parameter, String value) {
    Map<String, String> translations = LIBPQ_VALUES.get(parameter);
    if (translations == null) {
      return value;
    }
    String translated = translations.get(value);
    if (translated == null) {
      throw new IllegalArgumentException(
          "DATABASE_URL has the parameter %s=%s; its values are %s"
              .formatted(
                  parameter, value, String.join(", ", new TreeSet<>(translations.keySet()))));
    }
    return translated;
  }

  private static String decoded(String raw) {
    try {
      return URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "DATABASE_URL has a % that is not followed by two hexadecimal digits");
    }
  }

  private static void require(boolean rule, String fault) {
    if (!rule) {
      throw new IllegalArgumentException("DATABASE_URL " + fault + "; its form is " + FORM);
    }
  }

  /// Returns the same address for another user.
  public DatabaseUrl withUser(String otherUser, Optional<String> otherPassword) {
    return new DatabaseUrl(host, port, database, otherUser, otherPassword, parameters);
  }

  /// Returns a source of connections to this database, not pooled.
  ///
  /// @param application the name that PostgreSQL shows for them, unless the address has one
  public PGSimpleDataSource dataSource(String application) {
    PGSimpleDataSource source = new PGSimpleDataSource();
    source.setServerNames(new String[] {host});
    source.setPortNumbers(new int[] {port});
    source.setDatabaseName(database);
    source.setUser(user);
    password.ifPresent(source::setPassword);
    source.setApplicationName(application);
    parameters.forEach((name, value) -> setParameter(source, name, value));
    return source;
  }

  private static void setParameter(PGSimpleDataSource source, String name, String value) {
    try {
      source.setProperty(name, value);
    } catch (java.sql.SQLException e) {
      throw new IllegalArgumentException(
          "DATABASE_URL has an unusable value for the parameter \"" + name + "\"", e);
    }
  }

  @Override
  public String toString() {
    String shownHost = host.contains(":") ? "[" + host + "]" : host;
    return "postgresql://%s@%s:%d/%s".formatted(user, shownHost, port, database);
  }
}
