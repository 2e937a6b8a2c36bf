package dev.tidemark.cache.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Address of Redis, as written in `REDIS_URL`:
///
/// ```
/// redis[s]://[[user]:password@]host[:port][/database]                    one server
/// redis[s]://[[user]:password@]host[:port],host[:port]…                  a cluster; ?cluster=true when only one host is named
/// redis[s]://[[user]:password@]host[:port],…[/database]?sentinel=master  sentinels, and the name of the primary they watch
/// ```
///
/// With `rediss://` also `sslrootcert=FILE`, and `sslcert=FILE&sslkey=FILE`: see [RedisTlsFiles].
/// User, password, and what options are set to, are percent-encoded. Immutable.
record RedisAddress(
    Kind kind,
    List<Host> hosts,
    boolean tls,
    RedisTlsFiles tlsFiles,
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
  private static final List<String> OPTIONS =
      List.of(
          "sentinel",
          "cluster",
          RedisTlsFiles.ROOT_CERTIFICATES,
          RedisTlsFiles.CERTIFICATE,
          RedisTlsFiles.KEY);

  RedisAddress {
    hosts = List.copyOf(hosts);
    if (kind == Kind.CLUSTER && database != 0) {
      throw new IllegalArgumentException("a Redis Cluster has no databases but 0");
    }
    if (!tls && !tlsFiles.isEmpty()) {
      throw new IllegalArgumentException(
          "files for TLS are named, but the address begins with redis://, not rediss://");
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
    if (rest.indexOf('@', authority.length()) >= 0) {
      // Any part of it that is shown could be a part of the password.
      throw new IllegalArgumentException(
          "there is an @ behind the hosts: in user, password and options / is written %2F, ? %3F, @ %40");
    }
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
        new RedisTlsFiles(
            file(RedisTlsFiles.ROOT_CERTIFICATES, options),
            file(RedisTlsFiles.CERTIFICATE, options),
            file(RedisTlsFiles.KEY, options)),
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
      if (!OPTIONS.contains(name)) {
        throw new IllegalArgumentException(
            "a Redis address has the options %s, not %s"
                .formatted(String.join(", ", OPTIONS), name));
      }
      options.put(name, after(option, '='));
    }
    return options;
  }

  private static Optional<Path> file(String option, Map<String, String> options) {
    return Optional.ofNullable(options.get(option)).flatMap(RedisAddress::decoded).map(Path::of);
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

  /// Returns the exception for an address without a host. A user who forgets the @ has written the
  /// password in place of the port.
  private static IllegalArgumentException noHost(String text) {
    return new IllegalArgumentException(
        "what begins with '%s' is not host or host:port".formatted(before(text, ':')));
  }

  private static int database(String text) {
    try {
      int number = Integer.parseInt(text);
      if (number >= 0) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Reported below.
    }
    throw new IllegalArgumentException("database '" + text + "' is not a number from 0");
  }

  private static Optional<String> decoded(String text) {
    try {
      return text.isEmpty()
          ? Optional.empty()
          : Optional.of(URLDecoder.decode(text.replace("+", "%2B"), UTF_8));
    } catch (IllegalArgumentException e) {
      // The exception's own message shows what follows the %.
      throw new IllegalArgumentException("a % is not followed by two hexadecimal digits");
    }
  }

  private static String before(String text, char separator) {
    int at = text.indexOf(separator);
    return at < 0 ? text : text.substring(0, at);
  }

  private static String after(String text, char separator) {
    int at = text.indexOf(separator);
    return at < 0 ? "" : text.substring(at + 1);
  }

  /// Returns the address without user and password.
  @Override
  public String toString() {
    List<String> names = new ArrayList<>();
    for (Host host : hosts) {
      names.add(host.name() + ":" + host.port());
    }
    return (tls ? "rediss://" : "redis://") + String.join(",", names);
  }
}
