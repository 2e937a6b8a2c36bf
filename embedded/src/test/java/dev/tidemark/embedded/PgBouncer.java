package dev.tidemark.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// A connection pooler in front of a PostgreSQL server, in transaction mode: each transaction may
/// have another session. It uses the machine's own program.
public final class PgBouncer implements AutoCloseable {

  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

  private final ChildProcess process;
  private final int port;

  private PgBouncer(ChildProcess process, int port) {
    this.process = process;
    this.port = port;
  }

  /// Starts a pooler.
  ///
  /// @param folder becomes readable for everybody
  /// @param user whom it lets in without a password
  /// @return empty when this machine has no such program
  public static Optional<PgBouncer> start(Path folder, PostgresServer server, String user)
      throws IOException {
    Optional<Path> program =
        Stream.of("/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin")
            .map(directory -> Path.of(directory, "pgbouncer"))
            .filter(Files::isExecutable)
            .findFirst();
    return program.isEmpty()
        ? Optional.empty()
        : Optional.of(start(program.get(), Files.createDirectories(folder), server, user));
  }

  private static PgBouncer start(Path program, Path folder, PostgresServer server, String user)
      throws IOException {
    int port = Ports.free();
    Path users = Files.writeString(folder.resolve("users.txt"), "\"%s\" \"\"\n".formatted(user));
    Path settings =
        Files.writeString(
            folder.resolve("pgbouncer.ini"),
            """
            [databases]
            * = host=127.0.0.1 port=%d
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = %d
            unix_socket_dir =
            auth_type = trust
            auth_file = %s
            pool_mode = transaction
            default_pool_size = 8
            ignore_startup_parameters = extra_float_digits,options
            """
                .formatted(server.port(), port, users));
    List<String> command = new ArrayList<>(List.of(program.toString()));
    if (System.getProperty("user.name").equals("root")) {
      // The pooler does not run as root.
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
      command.addAll(List.of("-u", "nobody"));
    }
    command.add(settings.toString());
    ChildProcess process =
        ChildProcess.start(
            new ChildProcess.Program(
                "pgbouncer",
                command,
                Map.of(),
                Set.of(),
                folder.resolve("pgbouncer.log"),
                ChildProcess.StopSignal.TERM));
    return new PgBouncer(process.awaitReady(() -> listens(port), START_TIMEOUT), port);
  }

  private static boolean listens(int port) {
    try {
      new Socket(InetAddress.getLoopbackAddress(), port).close();
      return true;
    } catch (IOException notYet) {
      return false;
    }
  }

  public int port() {
    return port;
  }

  @Override
  public void close() {
    process.close();
  }
}
