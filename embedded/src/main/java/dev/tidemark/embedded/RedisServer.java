package dev.tidemark.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import redis.clients.jedis.Jedis;

/// A Redis server, or a sentinel that watches one. It keeps nothing on disk unless arguments say
/// otherwise, for example `--appendonly yes`.
public final class RedisServer extends EmbeddedServer {
  private static final Duration START_TIMEOUT = Duration.ofSeconds(30);
  private static final int PROBE_TIMEOUT_MILLIS = 500;

  /// Time after which another sentinel may try.
  private static final Duration FAILOVER_TIMEOUT = Duration.ofSeconds(3);

  private final Optional<Path> sentinelFile;
  private final List<String> arguments;

  private RedisServer(
      String name,
      Path dir,
      Path log,
      int port,
      Optional<Path> sentinelFile,
      List<String> arguments) {
    super(name, dir, log, port);
    this.sentinelFile = sentinelFile;
    this.arguments = arguments;
  }

  /// Starts a server and returns when it answers.
  ///
  /// @param port 0 picks a free one
  /// @param extraArguments of redis-server; they override what this class sets
  public static RedisServer start(Path dir, int port, String... extraArguments) {
    return start(dir, dir.resolve("redis.log"), port, extraArguments);
  }

  /// Starts a server as the other `start` does, with the log elsewhere.
  public static RedisServer start(Path dir, Path log, int port, String... extraArguments) {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("--save", "", "--appendonly", "no", "--daemonize", "no"));
    arguments.addAll(List.of(extraArguments));
    RedisServer server = new RedisServer("Redis", dir, log, port, Optional.empty(), arguments);
    server.start();
    return server;
  }

  /// Returns arguments with which a server, or a sentinel, also listens for TLS, with a
  /// certificate. It does not require client certificates unless told `--tls-auth-clients yes`.
  public static List<String> tls(
      int tlsPort, CertificateAuthority authority, CertificateAuthority.Issued own) {
    return List.of(
        "--tls-port", Integer.toString(tlsPort),
        "--tls-cert-file", own.certificate().toString(),
        "--tls-key-file", own.key().toString(),
        "--tls-ca-cert-file", authority.certificate().toString(),
        "--tls-auth-clients", "no");
  }

  /// Starts a replica of another server and returns when it answers. It may still lack data.
  public static RedisServer startReplica(Path dir, RedisServer primary, String... extraArguments) {
    List<String> arguments = new ArrayList<>(List.of(extraArguments));
    arguments.addAll(List.of("--replicaof", "127.0.0.1", Integer.toString(primary.port())));
    return start(dir, 0, arguments.toArray(String[]::new));
  }

  /// Starts a sentinel. Together with others it watches a primary, and promotes a replica when the
  /// primary is down.
  ///
  /// @param primaryName by which clients ask for the primary
  /// @param quorum how many sentinels must find the primary down
  /// @param downAfter how long the primary gives no answer until it counts as down
  public static RedisServer startSentinel(
      Path dir,
      String primaryName,
      RedisServer primary,
      int quorum,
      Duration downAfter,
      String... extraArguments) {
    Path file = dir.resolve("sentinel.conf");
    try {
      Files.createDirectories(dir);
      Files.writeString(
          file,
          """
          sentinel monitor %1$s 127.0.0.1 %2$d %3$d
          sentinel down-after-milliseconds %1$s %4$d
          sentinel failover-timeout %1$s %5$d
          """
              .formatted(
                  primaryName,
                  primary.port(),
                  quorum,
                  downAfter.toMillis(),
                  FAILOVER_TIMEOUT.toMillis()));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + file, e);
    }
    RedisServer sentinel =
        new RedisServer(
            "Redis sentinel",
            dir,
            dir.resolve("sentinel.log"),
            0,
            Optional.of(file),
            List.of(extraArguments));
    sentinel.start();
    return sentinel;
  }

  /// Returns when a replica of this server has everything that was written up to now.
  public void awaitReplica() {
    try (Jedis admin = new Jedis("127.0.0.1", port(), (int) START_TIMEOUT.toMillis())) {
      // As a connection's first command, WAIT answers at once: it waits for what was written up to
      // the command before it.
      admin.ping();
      if (admin.waitReplicas(1, START_TIMEOUT.toMillis() / 2) == 0) {
        throw new IllegalStateException("no replica of Redis at port " + port() + " caught up");
      }
    }
  }

  public String url() {
    return "redis://127.0.0.1:" + port();
  }

  @Override
  ChildProcess launch() {
    List<String> command = new ArrayList<>();
    command.add(Binaries.redisServer(Binaries.userCache()).toString());
    // The file must come first.
    sentinelFile.ifPresent(file -> command.addAll(List.of(file.toString(), "--sentinel")));
    command.addAll(
        List.of(
            "--bind", "127.0.0.1", "--port", Integer.toString(port()), "--dir", dir().toString()));
    command.addAll(arguments);
    return ChildProcess.start(
            new ChildProcess.Program(
                name(), command, Map.of(), Set.of(), log(), ChildProcess.StopSignal.TERM))
        .awaitReady(this::answers, START_TIMEOUT);
  }

  /// Returns whether the server answers. A server that still loads its data answers `-LOADING`.
  private boolean answers() {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port()), PROBE_TIMEOUT_MILLIS);
      socket.setSoTimeout(PROBE_TIMEOUT_MILLIS);
      socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readNBytes(5), StandardCharsets.US_ASCII);
      return answer.equals("+PONG") || answer.startsWith("-NOAU");
    } catch (IOException e) {
      return false;
    }
  }
}
