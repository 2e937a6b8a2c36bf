package dev.tidemark.api.http;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tokens of a file, read again when it has changed, at most once a second. If the file is absent
/// or wrong, the last good tokens stay valid. Thread-safe.
public final class TokenFile implements Supplier<List<String>> {

  private static final Logger log = LoggerFactory.getLogger(TokenFile.class);

  private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

  private final Path file;
  private final AtomicLong looked = new AtomicLong(System.nanoTime());
  private volatile List<String> tokens;
  private volatile String seen;

  public TokenFile(Path file, List<String> tokens) {
    this.file = file;
    this.tokens = tokens;
    this.seen = state();
  }

  @Override
  public List<String> get() {
    long last = looked.get();
    if (System.nanoTime() - last >= PAUSE_NANOS && looked.compareAndSet(last, System.nanoTime())) {
      look();
    }
    return tokens;
  }

  private void look() {
    String now = state();
    if (!now.equals(seen)) {
      seen = now;
      try {
        tokens = ApiTokens.read(file);
        log.atInfo().addKeyValue("tokens", tokens.size()).log("tokens reloaded");
      } catch (IllegalArgumentException e) {
        log.atWarn()
            .addKeyValue("reason", e.getMessage())
            .log("reloading the tokens failed; the previous tokens stay in force");
      }
    }
  }

  private String state() {
    try {
      return Files.getLastModifiedTime(file) + " " + Files.size(file);
    } catch (IOException e) {
      return "away";
    }
  }
}
