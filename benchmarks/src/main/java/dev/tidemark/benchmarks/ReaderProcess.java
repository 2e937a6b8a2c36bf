package dev.tidemark.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.embedded.Jvm;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/// A running [StampedeReaders], seen from its parent process. Confined to one thread.
final class ReaderProcess implements AutoCloseable {

  private static final List<String> JVM =
      Jvm.command(
          List.of(
              "-Xmx256m",
              "-XX:+UseSerialGC",
              "--enable-native-access=ALL-UNNAMED",
              "-cp",
              System.getProperty("java.class.path"),
              Main.class.getName(),
              "stampede-readers"));

  private final Process process;
  private final PrintWriter orders;
  private final BufferedReader answers;

  private ReaderProcess(Process process) {
    this.process = process;
    this.orders = new PrintWriter(process.outputWriter(UTF_8), true);
    this.answers = process.inputReader(UTF_8);
  }

  static ReaderProcess start(List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>(JVM);
    command.addAll(arguments);
    return new ReaderProcess(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
  }

  void prepare(String side, String id) {
    orders.println(side + " " + id);
  }

  void awaitReady() throws IOException {
    String answer = answer();
    if (!answer.equals(StampedeReaders.READY)) {
      throw new IOException("a process of readers is not ready, but says: " + answer);
    }
  }

  void go() {
    orders.println(StampedeReaders.GO);
  }

  ReadersResult result() throws IOException {
    return ReadersResult.parse(answer());
  }

  private String answer() throws IOException {
    String line = answers.readLine();
    if (line == null) {
      throw new IOException("a process of readers ended, pid " + process.pid());
    }
    return line;
  }

  /// Closes its input, with which the process ends.
  @Override
  public void close() {
    orders.close();
    process.onExit().join();
  }
}
