package dev.tidemark.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A whole stack, started as `bin/tidemark up` starts it, on free ports.
final class StackProcess implements AutoCloseable {
  static final Path PROJECT = Path.of("").toAbsolutePath().getParent();
  static final List<String> SERVICES = List.of("PRODUCT_API", "OUTBOX_RELAY", "INVALIDATOR");
  static final List<String> SERVERS = List.of("POSTGRES", "KAFKA", "REDIS");

  private static final Duration START = Duration.ofMinutes(4);
  private static final Duration STOP = Duration.ofSeconds(60);
  private static final Pattern STACK_TRACE = Pattern.compile("^\\s+at .+\\(.*\\)|^Caused by: ");
  private static final List<String> FREE_PORTS =
      List.of("api", "api-admin", "relay-admin", "invalidator-admin", "postgres", "kafka", "redis");

  private final Path data;
  private final Path output;
  private final Process process;
  private final HttpClient http = HttpClient.newHttpClient();

  private StackProcess(Path data, Path output, Process process) {
    this.data = data;
    this.output = output;
    this.process = process;
  }

  /// Starts a stack, and returns when every service is ready.
  static StackProcess up(Path data) {
    var output = data.resolveSibling(data.getFileName() + ".out");
    return awaitUp(data, output, start(output, "up", "--data", data.toString()));
  }

  /// Starts a stack as `up` does, by the command that users type.
  ///
  /// @param environment added to this JVM's
  static StackProcess upByCommand(Path data, Map<String, String> environment) throws IOException {
    var output = data.resolveSibling(data.getFileName() + ".out");
    var line = new ArrayList<>(List.of("up", "--data", data.toString()));
    FREE_PORTS.forEach(port -> line.addAll(List.of("--" + port + "-port", "0")));
    return awaitUp(data, output, Tidemark.start(output, environment, line));
  }

  private static StackProcess awaitUp(Path data, Path output, Process process) {
    var stack = new StackProcess(data, output, process);
    await()
        .atMost(START)
        .failFast(() -> assertThat(stack.process.isAlive()).as(stack.output()).isTrue())
        .until(() -> SERVICES.stream().allMatch(stack::isReady));
    return stack;
  }

  /// Starts a command of the development stack, with free ports if it starts a stack itself.
  static Process start(Path output, String command, String... options) {
    var line = new ArrayList<String>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.add("-jar");
    line.add(PROJECT.resolve("devstack/target/app/devstack.jar").toString());
    line.add(command);
    line.addAll(List.of(options));
    if (!command.equals("import")) {
      FREE_PORTS.forEach(port -> line.addAll(List.of("--" + port + "-port", "0")));
    }
    try {
      Files.createDirectories(output.getParent());
      return new ProcessBuilder(line)
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()))
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Returns the folder that the stack was started on.
  Path data() {
    return data;
  }

  /// Returns the present content of `stack.env`.
  Map<String, String> env() {
    var env = new HashMap<String, String>();
    try {
      for (var line : Files.readAllLines(data.resolve("stack.env"))) {
        int equals = line.indexOf('=');
        if (!line.startsWith("#") && equals > 0) {
          env.put(line.substring(0, equals), line.substring(equals + 1));
        }
      }
    } catch (IOException notThereYet) {
      return Map.of();
    }
    return env;
  }

  URI api(String path) {
    return URI.create(env().get("API_URL") + path);
  }

  long pid(String part) {
    return Long.parseLong(env().get(part + "_PID"));
  }

  /// Sends SIGKILL, then waits until `up` has started the part again under another process id.
  void killAndAwaitReturn(String part) {
    long before = pid(part);
    ProcessHandle.of(before).orElseThrow().destroyForcibly();
    await(part + " to be started again")
        .atMost(START)
        .until(
            () ->
                pid(part) != before
                    && ProcessHandle.of(pid(part)).map(ProcessHandle::isAlive).orElse(false)
                    && SERVICES.stream().allMatch(this::isReady));
  }

  boolean isReady(String service) {
    var address = env().get(service + "_ADMIN_URL");
    return address != null && ServiceProcess.isReady(http, URI.create(address));
  }

  /// Returns the stack traces in the log of a service.
  List<String> stackTraces(String service) {
    var log =
        data.resolve("logs").resolve(service.toLowerCase(Locale.ROOT).replace('_', '-') + ".log");
    try (Stream<String> lines = Files.lines(log)) {
      return lines.filter(line -> STACK_TRACE.matcher(line).find()).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String output() {
    try {
      return Files.readString(output);
    } catch (IOException e) {
      return "no output: " + e;
    }
  }

  /// Stops the stack like Ctrl-C, and checks that nothing of it is left.
  int stop() {
    var pids = new ArrayList<Long>();
    for (var part : SERVICES) {
      pids.add(pid(part));
    }
    for (var part : SERVERS) {
      pids.add(pid(part));
    }
    process.destroy();
    try {
      assertThat(process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS))
          .as("up ends within %s: %s", STOP, output())
          .isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    assertThat(pids)
        .noneMatch(pid -> ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
    return process.exitValue();
  }

  @Override
  public void close() {
    if (process.isAlive()) {
      assertThat(stop()).isZero();
    }
    http.close();
  }
}
