package dev.tidemark.operator.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.invalidation.Unavailable;
import dev.tidemark.operator.run.StopRequest.Stopped;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.KafkaException;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;

/// One run of an operator's command: progress on standard error, only the result on standard
/// output, and a clean end at Ctrl-C that shows how to continue.
public final class CommandRun {

  public static final int INTERRUPTED = 130;

  /// Longest wait for the current batch, which ends in milliseconds where nothing is wrong.
  private static final Duration DRAIN = Duration.ofSeconds(5);

  private static final ObjectMapper json = new ObjectMapper();

  private final CommandSpec spec;
  private final boolean asJson;
  private final StopRequest stopping = new StopRequest();
  private final Progress progress = new Progress();
  private final CountDownLatch told = new CountDownLatch(1);
  private final AtomicInteger exitCode = new AtomicInteger(INTERRUPTED);

  /// Work of a run.
  public interface Work {

    /// Does the work, and returns its result.
    ///
    /// @throws StopRequest.Stopped soon after a stop was requested
    Result run(Progress progress, StopRequest stopping);

    /// Returns the result of what is done by now.
    Result result();

    /// Returns the arguments with which the command continues where this run ended.
    String resumption();
  }

  /// Result of a run.
  ///
  /// @param exitCode for a run that came to its end
  /// @param text for humans
  /// @param json for programs, each with its name
  public record Result(int exitCode, String text, Map<String, Object> json) {
    public Result {
      json = Map.copyOf(json);
    }
  }

  /// Thrown when the requested object does not exist. Nothing is done.
  public static final class WrongUsage extends RuntimeException {
    /// @param reason names the option
    public WrongUsage(String reason) {
      super(reason);
    }
  }

  private CommandRun(CommandSpec spec, boolean asJson) {
    this.spec = spec;
    this.asJson = asJson;
  }

  /// Does the work, on the calling thread.
  ///
  /// @return the exit code
  public static int of(CommandSpec spec, CommandOptions options, Work work) {
    return of(spec, options.json(), work);
  }

  /// Does the work of a command with options of its own, and returns the exit code.
  public static int of(CommandSpec spec, boolean asJson, Work work) {
    return new CommandRun(spec, asJson).run(work);
  }

  private int run(Work work) {
    Thread drain = new Thread(() -> drain(work), "drain");
    Runtime.getRuntime().addShutdownHook(drain);
    try {
      exitCode.set(show(work));
    } catch (Unavailable | KafkaException | EntryStoreException e) {
      CommandErrors.tell(
          spec, asJson, "%s failed: %s".formatted(name(), e.getMessage()), ExitCode.SOFTWARE);
      err().println("what is done is done; go on with: " + next(work));
      exitCode.set(ExitCode.SOFTWARE);
    } catch (WrongUsage e) {
      CommandErrors.tell(spec, asJson, String.valueOf(e.getMessage()), ExitCode.USAGE);
      exitCode.set(ExitCode.USAGE);
    } finally {
      told.countDown();
      forget(drain);
    }
    return exitCode.get();
  }

  private int show(Work work) {
    long begin = System.nanoTime();
    Result result;
    boolean whole = true;
    try (var _ = ProgressDisplay.start(progress, isTerminal(), err()::println)) {
      result = work.run(progress, stopping);
    } catch (Stopped e) {
      result = work.result();
      whole = false;
    }
    tell(result, whole, (System.nanoTime() - begin) / 1e9);
    if (whole) {
      return result.exitCode();
    }
    err().println("interrupted; go on with: " + next(work));
    return INTERRUPTED;
  }

  private void tell(Result result, boolean whole, double seconds) {
    PrintWriter out = spec.commandLine().getOut();
    if (!asJson) {
      out.println("%s (%.1f s)".formatted(result.text(), seconds));
      return;
    }
    Map<String, Object> all = new TreeMap<>(result.json());
    all.put("seconds", Math.round(seconds * 1e3) / 1e3);
    all.put("interrupted", !whole);
    try {
      out.println(json.writeValueAsString(all));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the result could not be written as JSON: " + all, e);
    }
  }

  private String next(Work work) {
    return "%s %s".formatted(name(), work.resumption()).strip();
  }

  /// Returns the command's name: `replay`, `dead-letters send`.
  private String name() {
    return CommandErrors.name(spec);
  }

  /// Waits for the current batch after a signal.
  private void drain(Work work) {
    stopping.request();
    try {
      if (!told.await(DRAIN.toMillis(), TimeUnit.MILLISECONDS)) {
        err().println("interrupted; go on with: " + next(work));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // After a signal the JVM would end with the signal's number.
    Runtime.getRuntime().halt(exitCode.get());
  }

  private static void forget(Thread drain) {
    try {
      Runtime.getRuntime().removeShutdownHook(drain);
    } catch (IllegalStateException isUnderWay) {
      // It waits for what this thread tells.
    }
  }

  @SuppressWarnings(
      "SystemConsoleNull") // Whether it can be absent depends on the JDK's console module.
  private static boolean isTerminal() {
    var console = System.console();
    return console != null && console.isTerminal();
  }

  private PrintWriter err() {
    return spec.commandLine().getErr();
  }
}
