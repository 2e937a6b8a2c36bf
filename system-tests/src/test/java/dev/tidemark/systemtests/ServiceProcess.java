package dev.tidemark.systemtests;

import dev.tidemark.embedded.ChildProcess;
import dev.tidemark.embedded.Ports;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/// One of the project's programs, started as its users start it: the jar, and settings from the
/// environment.
final class ServiceProcess implements AutoCloseable {
  private static final Duration START = Duration.ofSeconds(60);

  private final ChildProcess process;
  private final URI admin;

  private ServiceProcess(ChildProcess process, URI admin) {
    this.process = process;
    this.admin = admin;
  }

  /// Starts the service, and returns when it reports that it is ready.
  ///
  /// @param adminPort the variable that sets the port of its health
  static ServiceProcess start(
      String module, String adminPort, Map<String, String> settings, Path log) {
    return start(module, adminPort, settings, log, List.of());
  }

  /// Starts a service as the other `start` does, with further options for the program's JVM.
  static ServiceProcess start(
      String module,
      String adminPort,
      Map<String, String> settings,
      Path log,
      List<String> jvmOptions) {
    var service = launch(module, adminPort, settings, log, jvmOptions.toArray(String[]::new));
    try (var http = HttpClient.newHttpClient()) {
      service.process.awaitReady(() -> isReady(http, service.admin), START);
    }
    return service;
  }

  /// Starts a service as `start` does, but returns at once.
  static ServiceProcess launch(
      String module,
      String adminPort,
      Map<String, String> settings,
      Path log,
      String... jvmOptions) {
    int port = Ports.free();
    var environment = new HashMap<>(settings);
    environment.put(adminPort, Integer.toString(port));
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of(jvmOptions));
    command.addAll(List.of("-jar", jar(module).toString()));
    return new ServiceProcess(
        ChildProcess.start(
            new ChildProcess.Program(
                module, command, environment, Set.of(), log, ChildProcess.StopSignal.TERM)),
        URI.create("http://127.0.0.1:" + port));
  }

  static Path jar(String module) {
    return StackProcess.PROJECT.resolve(module).resolve("target/app").resolve(module + ".jar");
  }

  /// Returns whether the service at this admin address reports that it is ready.
  static boolean isReady(HttpClient http, URI admin) {
    return get(http, admin.resolve("/health/ready"))
        .filter(answer -> answer.statusCode() == 200)
        .isPresent();
  }

  private static Optional<HttpResponse<String>> get(HttpClient http, URI address) {
    try {
      var request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(2)).build();
      return Optional.of(http.send(request, BodyHandlers.ofString()));
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /// Waits for the process to end by itself, and returns whether it did.
  boolean endsWithin(Duration time) {
    return process.awaitExit(time);
  }

  /// Returns the end of its output.
  String logTail() {
    return process.logTail();
  }

  /// Returns the value of this metric; empty while the service does not answer.
  OptionalDouble metric(HttpClient http, String name) {
    return get(http, admin.resolve("/metrics"))
        .filter(answer -> answer.statusCode() == 200)
        .stream()
        .flatMap(answer -> answer.body().lines())
        .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst();
  }

  /// Sends SIGKILL, and returns when the process is gone.
  void kill() {
    process.kill();
  }

  /// Sends SIGSTOP: the process exists, and does nothing.
  void pause() {
    process.signal("STOP");
  }

  /// Sends SIGCONT: the process continues, and does not know that time has passed.
  void resume() {
    process.signal("CONT");
  }

  /// Sends SIGTERM, and returns when the process is gone.
  void stop() {
    process.stop(START);
  }

  @Override
  public void close() {
    process.close();
  }
}
