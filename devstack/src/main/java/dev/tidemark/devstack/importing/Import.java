package dev.tidemark.devstack.importing;

import dev.tidemark.devstack.client.ApiAddress;
import dev.tidemark.devstack.client.ProductApi;
import dev.tidemark.devstack.screen.Screen;
import dev.tidemark.devstack.stack.StackException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The command `import`.
@Command(
    name = "import",
    description = {
      "Sends a file of products, one JSON object per line, to the API. A line overwrites"
          + " an existing product; a line equal to the stored product writes nothing. So a file"
          + " can be sent again after an interruption.",
      "The address of the API is that of --data DIR, else API_URL, else that of the"
          + " stack in the folder .tidemark. The token is the first in API_TOKEN, or in the"
          + " file named by API_TOKEN_FILE."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:every line is in",
      "1:a line failed, or the API refused the file or did not answer",
      "2:wrong usage, or no file that can be read"
    })
public final class Import implements Callable<Integer> {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final int BUFFER = 1 << 16;

  /// Largest number of confirmations: others may write between the answer and its confirmation.
  private static final int MOST_CONFIRMATIONS = 3;

  @Parameters(
      paramLabel = "FILE",
      description = "NDJSON in UTF-8, plain or gzip; - is standard input.")
  private Path file = Path.of("");

  @Option(names = "--data", paramLabel = "DIR", description = "The folder of a running `up`.")
  private @Nullable Path data;

  @Option(
      names = "--replace",
      description =
          "Also delete the products that are not in the file. Nothing is written before all of it was sent.")
  private boolean replace;

  @Option(
      names = "--yes",
      description = "With --replace: also where that deletes more than half of the products.")
  private boolean yes;

  @Spec private @Nullable CommandSpec spec;

  private final Map<String, String> environment;

  public Import(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws InterruptedException {
    boolean standardInput = file.toString().equals("-");
    if (yes && !replace) {
      return fail(CommandLine.ExitCode.USAGE, "--yes goes with --replace");
    }
    if (!standardInput && (!Files.isReadable(file) || Files.isDirectory(file))) {
      return fail(CommandLine.ExitCode.USAGE, "there is no file that can be read: " + file);
    }
    ApiAddress address = ApiAddress.find(data, environment);
    if (!standardInput) {
      return send(address, file);
    }
    // The file may have to be sent a second time.
    return yes ? sendCopy(address) : send(address, null);
  }

  private int sendCopy(ApiAddress address) throws InterruptedException {
    try {
      Path copy = Files.createTempFile("tidemark-import-", ".ndjson");
      try {
        Files.copy(System.in, copy, StandardCopyOption.REPLACE_EXISTING);
        return send(address, copy);
      } finally {
        Files.delete(copy);
      }
    } catch (IOException e) {
      throw new StackException("standard input cannot be kept in a temporary file: " + e, e);
    }
  }

  private int send(ApiAddress address, @Nullable Path source) throws InterruptedException {
    Screen screen = Screen.ofThisProcess();
    long begin = System.nanoTime();
    ProductApi.ImportAnswer answer;
    try (HttpClient http = HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).build()) {
      ProductApi api = new ProductApi(http, address);
      answer = send(api, screen, source, replace ? "?replace=true" : "");
      for (int i = 0; yes && answer.wouldDelete().isPresent() && i < MOST_CONFIRMATIONS; i++) {
        long number = answer.wouldDelete().getAsLong();
        screen.line("%,d of %,d products are to go".formatted(number, answer.products()));
        answer = send(api, screen, source, "?replace=true&confirm-delete=" + number);
      }
    } catch (ConnectException e) {
      return fail(CommandLine.ExitCode.SOFTWARE, "no API answers at " + address);
    } catch (IOException e) {
      return fail(
          CommandLine.ExitCode.SOFTWARE,
          "%s was not sent to its end to %s, or the answer did not come (%s); it can be sent again"
              .formatted(name(), address, e.getMessage()));
    }
    return tell(screen, answer, (System.nanoTime() - begin) / 1e9);
  }

  private static ProductApi.ImportAnswer send(
      ProductApi api, Screen screen, @Nullable Path source, String query)
      throws IOException, InterruptedException {
    try (CountingInputStream raw =
            new CountingInputStream(source == null ? System.in : Files.newInputStream(source));
        BufferedInputStream buffered = new BufferedInputStream(raw, BUFFER);
        ImportProgress progress =
            new ImportProgress(screen, source == null ? -1 : Files.size(source), raw)) {
      ProductApi.ImportAnswer answer = api.importLines(buffered, isGzip(buffered), query);
      if (answer.problem().isEmpty()) {
        progress.done();
      }
      return answer;
    }
  }

  /// Returns whether the file is gzip, by the first bytes and not by the name. The API checks that
  /// it is complete.
  private static boolean isGzip(InputStream in) throws IOException {
    in.mark(2);
    boolean gzip = in.read() == 0x1f && in.read() == 0x8b;
    in.reset();
    return gzip;
  }

  private int tell(Screen screen, ProductApi.ImportAnswer answer, double seconds) {
    answer.failures().forEach(screen::line);
    if (answer.failed() > answer.failures().size()) {
      screen.line(
          "and %,d more lines failed".formatted(answer.failed() - answer.failures().size()));
    }
    if (answer.wouldDelete().isPresent()) {
      return fail(
          CommandLine.ExitCode.SOFTWARE,
          "%s: this would delete %,d of %,d products, more than half; with --yes it does. Nothing was written."
              .formatted(name(), answer.wouldDelete().getAsLong(), answer.products()));
    }
    if (answer.problem().isPresent()) {
      return fail(CommandLine.ExitCode.SOFTWARE, name() + ": " + answer.problem().get());
    }
    screen.line(
        "created %,d, updated %,d, unchanged %,d, failed %,d%s in %.1f s (%,.0f lines/s)"
            .formatted(
                answer.created(),
                answer.updated(),
                answer.unchanged(),
                answer.failed(),
                answer.deleted().isPresent()
                    ? ", deleted %,d".formatted(answer.deleted().getAsLong())
                    : "",
                seconds,
                answer.lines() / seconds));
    if (replace && answer.failed() > 0) {
      screen.line("nothing was deleted: nobody knows which products the failed lines are about");
    }
    return answer.failed() == 0 ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private String name() {
    return file.toString().equals("-") ? "standard input" : file.toString();
  }

  private int fail(int exitCode, String message) {
    PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
    err.println("tidemark: " + message);
    err.flush();
    return exitCode;
  }
}
