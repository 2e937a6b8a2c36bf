package dev.tidemark.devstack.stack;

import dev.tidemark.devstack.screen.Screen;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Map;
import java.util.SequencedSet;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;

/// Starts a stack, lends it to a command, and stops it, whatever happens in between.
public final class RunningStack {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  /// Use of a running stack by a command.
  public interface Use {
    void with(Stack stack) throws InterruptedException;
  }

  private RunningStack() {}

  /// Runs the command. Returns when the stack is down again.
  ///
  /// @param stop counted down by the first Ctrl-C or SIGTERM; when that comes during the start,
  ///   `use` is not called
  public static void use(
      StackOptions options,
      Map<String, String> environment,
      Screen screen,
      CountDownLatch stop,
      Use use)
      throws InterruptedException {
    SequencedSet<String> topics = options.topics(environment);
    try (DataFolder folder = DataFolder.open(options.data());
        HttpClient http = HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).build()) {
      int leftovers = OrphanedProcesses.stop(folder.stackEnv());
      if (leftovers > 0) {
        screen.line("stopped %d processes that an earlier run had left".formatted(leftovers));
      }
      StackPorts.Chosen chosen = options.ports().choose();
      tellOfUnused(environment, screen);
      long begin = System.nanoTime();
      screen.line("Tidemark starts; data and logs in %s".formatted(folder.path()));
      Stack stack =
          new Stack(options.programs(), folder, chosen, topics, environment.keySet(), http, screen);
      StopSignals.on(
          () -> {
            screen.line("stopping; again Ctrl-C to hurry");
            stop.countDown();
            stack.giveUpStarting();
          },
          stack::hurry);
      try {
        stack.start();
        if (stop.getCount() > 0) {
          screen.line(
              "up after %.1f s: %s   (Ctrl-C stops everything)"
                  .formatted((System.nanoTime() - begin) / 1e9, stack.apiUrl()));
          use.with(stack);
        }
      } finally {
        stack.close();
      }
      screen.line("stopped");
    }
  }

  private static void tellOfUnused(Map<String, String> environment, Screen screen) {
    String unused =
        environment.keySet().stream()
            .filter(Stack::isAboutOtherServers)
            .filter(name -> !name.equals(Stack.PRODUCT_TOPIC))
            .sorted()
            .collect(Collectors.joining(", "));
    if (!unused.isEmpty()) {
      screen.line("not used, since this stack has servers of its own: " + unused);
    }
  }
}
