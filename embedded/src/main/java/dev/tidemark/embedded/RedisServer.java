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
import java.util.Set;

/// A Redis server. It keeps nothing on disk unless told so by arguments, for example `--appendonly
/// yes`.
public final class RedisServer extends EmbeddedServer {
  private static final Duration START_TIMEOUT = Duration.ofSeconds(30);
  private static final int PROBE_TIMEOUT_MILLIS = 500;

  private final List<String> extraArguments;

  private RedisServer(Path dir, Path log, int port, List<String> extraArguments) {
    super("Redis", dir, log, port);
    this.extraArguments = extraArguments;
  }

  /// Starts a server and returns when it answers.
  ///
  /// @param port 0 picks a free one
  /// @param extraArguments of redis-server; they override what this class sets
  public static RedisServer start(Path dir, int port, String... extraArguments) {
    return start(dir, dir.resolve("redis.log"), port, extraArguments);
  }

  /// As the other `start`, with the log elsewhere.
  public static RedisServer start(Path dir, Path log, int port, String... extraArguments) {
    RedisServer server = new RedisServer(dir, log, port, List.of(extraArguments));
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
    command.addAll(
        List.of(
            "--bind", "127.0.0.1", "--port", Integer.toString(port()), "--dir", dir().toString()));
    command.addAll(List.of("--save", "", "--appendonly", "no", "--daemonize", "no"));
    command.addAll(extraArguments);
    return ChildProcess.start(
            new ChildProcess.Program(
                name(), command, Map.of(), Set.of(), log(), ChildProcess.StopSignal.TERM))
        .awaitReady(this::answers, START_TIMEOUT);
  }

  /// A server that still loads its data answers `-LOADING`.
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
