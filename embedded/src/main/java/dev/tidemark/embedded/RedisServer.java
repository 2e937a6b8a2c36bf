package dev.tidemark.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A Redis server, or a sentinel that watches one. It keeps nothing on disk unless arguments say
/// otherwise, for example `--appendonly yes`.
public final class RedisServer extends EmbeddedServer {
  static final Duration START_TIMEOUT = Duration.ofSeconds(30);
  private static final int PROBE_TIMEOUT_MILLIS = 500;

  private final Optional<Path> sentinelFile;
  private final List<String> arguments;

  RedisServer(
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
