package dev.tidemark.systemtests;

import dev.tidemark.embedded.ChildProcess;
import dev.tidemark.embedded.Ports;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// One of the project's programs, started as its users start it: the jar, and settings from the
/// environment.
final class ServiceProcess implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(60);

  private final ChildProcess process;

  private ServiceProcess(ChildProcess process) {
    this.process = process;
  }

  /// Returns when the service says that it is ready.
  ///
  /// @param adminPort the variable that sets the port of its health
  static ServiceProcess start(
      String module, String adminPort, Map<String, String> settings, Path log) {
    int port = Ports.free();
    var environment = new HashMap<>(settings);
    environment.put(adminPort, Integer.toString(port));
    var command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-jar",
            StackProcess.PROJECT
                .resolve(module)
                .resolve("target/app")
                .resolve(module + ".jar")
                .toString());
    var admin = URI.create("http://127.0.0.1:" + port);
    try (var http = HttpClient.newHttpClient()) {
      return new ServiceProcess(
          ChildProcess.start(
                  new ChildProcess.Program(
                      module, command, environment, Set.of(), log, ChildProcess.StopSignal.TERM))
              .awaitReady(() -> isReady(http, admin), START));
    }
  }

  /// Whether the service at this admin address says that it is ready.
  static boolean isReady(HttpClient http, URI admin) {
    try {
      var request =
          HttpRequest.newBuilder(admin.resolve("/health/ready"))
              .timeout(Duration.ofSeconds(2))
              .build();
      return http.send(request, BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public void close() {
    process.close();
  }
}
