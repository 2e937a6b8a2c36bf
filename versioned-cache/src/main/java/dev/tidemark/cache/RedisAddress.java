package dev.tidemark.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.net.URLDecoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Where Redis is, as written in `REDIS_URL`:
///
/// ```
/// redis[s]://[[user]:password@]host[:port][/database]                    one server
/// redis[s]://[[user]:password@]host[:port],host[:port]…                  a cluster; ?cluster=true when only one host is named
/// redis[s]://[[user]:password@]host[:port],…[/database]?sentinel=master  sentinels, and the name of the primary they watch
/// ```
///
/// User and password are percent-encoded. Immutable.
record RedisAddress(
    Kind kind,
    List<Host> hosts,
    boolean tls,
    Optional<String> user,
    Optional<String> password,
    int database,
    Optional<String> primaryName) {

  enum Kind {
    SINGLE,
    CLUSTER,
    SENTINELS
  }

  record Host(String name, int port) {}

  private static final int REDIS_PORT = 6379;
  private static final int SENTINEL_PORT = 26379;
  private static final int MAX_PORT = 65535;

  RedisAddress {
    hosts = List.copyOf(hosts);
    if (kind == Kind.CLUSTER && database != 0) {
      throw new IllegalArgumentException("a Redis Cluster has no databases but 0");
    }
  }

  /// Reads an address.
  ///
  /// @throws IllegalArgumentException with the fault, and without the password
  static RedisAddress parse(String url) {
    int afterScheme = url.indexOf("://");
    String scheme = afterScheme < 0 ? "" : url.substring(0, afterScheme);
    if (!scheme.equals("redis") && !scheme.equals("rediss")) {
      throw new IllegalArgumentException("a Redis address begins with redis:// or rediss://");
    }
    String rest = url.substring(afterScheme + 3);
    String query = after(rest, '?');
    String authorityAndPath = before(rest, '?');
    String path = after(authorityAndPath, '/');
    String authority = before(authorityAndPath, '/');
    int at = authority.lastIndexOf('@');
    String userInfo = at < 0 ? "" : authority.substring(0, at);

    Map<String, String> options = options(query);
    Optional<String> primaryName = Optional.ofNullable(options.get("sentinel"));
    int defaultPort = primaryName.isPresent() ? SENTINEL_PORT : REDIS_PORT;
    List<Host> hosts =
        Arrays.stream(authority.substring(at + 1).split(",", -1))
            .map(host -> host(host, defaultPort))
            .toList();
    return new RedisAddress(
        kind(hosts, options),
        hosts,
        scheme.equals("rediss"),
        decoded(before(userInfo, ':')),
        decoded(after(userInfo, ':')),
        path.isEmpty() ? 0 : database(path),
        primaryName);
  }

  private static Kind kind(List<Host> hosts, Map<String, String> options) {
    if (options.containsKey("sentinel")) {
      return Kind.SENTINELS;
    }
    return hosts.size() > 1 || "true".equals(options.get("cluster")) ? Kind.CLUSTER : Kind.SINGLE;
  }

  private static Map<String, String> options(String query) {
    Map<String, String> options = new HashMap<>();
    for (String option : query.isEmpty() ? List.<String>of() : List.of(query.split("&"))) {
      String name = before(option, '=');
      if (!name.equals("sentinel") && !name.equals("cluster")) {
        throw new IllegalArgumentException(
            "a Redis address has the options ?sentinel=NAME and ?cluster=true, not " + name);
      }
      options.put(name, after(option, '='));
    }
    return options;
  }

  private static Host host(String text, int defaultPort) {
    URI uri;
    try {
      uri = URI.create("redis://" + text);
    } catch (IllegalArgumentException e) {
      throw noHost(text);
    }
    if (uri.getHost() == null || uri.getPort() > MAX_PORT) {
      throw noHost(text);
    }
    String name = uri.getHost().replaceAll("^\\[|]$", "");
    return new Host(name, uri.getPort() < 0 ? defaultPort : uri.getPort());
  }

  private static IllegalArgumentException noHost(String text) {
    return new IllegalArgumentException("'" + text + "' is not host or host:port");
  }

  private static int database(String text) {
    try {
      int number = Integer.parseInt(text);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new IllegalArgumentException("database '" + text + "' is not a number from 0");
  }

  private static Optional<String> decoded(String text) {
    return text.isEmpty()
        ? Optional.empty()
        : Optional.of(URLDecoder.decode(text.replace("+", "%2B"), UTF_8));
  }

  private static String before(String text, char separator) {
    int at = text.indexOf(separator);
    return at < 0 ? text : text.substring(0, at);
  }

  private static String after(String text, char separator) {
    int at = text.indexOf(separator);
    return at < 0 ? "" : text.substring(at + 1);
  }

  /// Without user and password.
  @Override
  public String toString() {
    List<String> names = new ArrayList<>();
    for (Host host : hosts) {
      names.add(host.name() + ":" + host.port());
    }
    return (tls ? "rediss://" : "redis://") + String.join(",", names);
  }
}
