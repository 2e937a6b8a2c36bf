package dev.tidemark.devstack;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.zip.GZIPInputStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The command `import`.
@Command(
    name = "import",
    description = {
      "Sends a file of products, one JSON object per line, to the API. What is there already is left alone.",
      "The API is that of --data DIR, else that of API_URL, else that of the stack in the folder .tidemark; API_TOKEN is shown where it is set."
    })
final class Import implements Callable<Integer> {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
  private static final int BUFFER = 1 << 16;

  @Parameters(paramLabel = "FILE", description = "NDJSON, plain or gzip.")
  private Path file = Path.of("");

  @Option(names = "--data", paramLabel = "DIR", description = "The folder of a running `up`.")
  private @Nullable Path data;

  private final Map<String, String> environment;

  Import(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      throw new StackException("there is no readable file " + file);
    }
    Screen screen = Screen.ofThisProcess();
    ApiAddress address = ApiAddress.find(data, environment);
    long begin = System.nanoTime();
    ProductApi.ImportAnswer answer;
    long lines;
    try (HttpClient http = HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).build();
        CountingInputStream raw =
            new CountingInputStream(new BufferedInputStream(Files.newInputStream(file), BUFFER));
        CountingInputStream text = new CountingInputStream(unpacked(raw));
        ImportProgress _ = new ImportProgress(screen, Files.size(file), raw, text)) {
      answer = new ProductApi(http, address).importLines(text);
      lines = text.lines();
    } catch (IOException e) {
      throw new StackException("import of %s to %s: %s".formatted(file, address.url(), e), e);
    }
    double seconds = (System.nanoTime() - begin) / 1e9;
    answer.failures().forEach(screen::line);
    if (answer.failed() > answer.failures().size()) {
      screen.line("and %d more lines failed".formatted(answer.failed() - answer.failures().size()));
    }
    screen.line(
        "created %,d, updated %,d, unchanged %,d, failed %,d in %.1f s (%,.0f lines/s)"
            .formatted(
                answer.created(),
                answer.updated(),
                answer.unchanged(),
                answer.failed(),
                seconds,
                lines / seconds));
    answer.problem().ifPresent(problem -> screen.line("the import stopped early: " + problem));
    return answer.problem().isEmpty() && answer.failed() == 0
        ? CommandLine.ExitCode.OK
        : CommandLine.ExitCode.SOFTWARE;
  }

  /// Told apart by the first bytes, not by the name.
  private static InputStream unpacked(InputStream raw) throws IOException {
    BufferedInputStream buffered = new BufferedInputStream(raw, BUFFER);
    buffered.mark(2);
    boolean gzip = buffered.read() == 0x1f && buffered.read() == 0x8b;
    buffered.reset();
    return gzip ? new GZIPInputStream(buffered, BUFFER) : buffered;
  }
}
