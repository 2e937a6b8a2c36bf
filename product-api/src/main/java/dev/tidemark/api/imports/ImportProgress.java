package dev.tidemark.api.imports;

import dev.tidemark.api.http.Answers;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.webserver.http.ServerResponse;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Tells how an import goes on while it does, a JSON object a line, to those who accept
/// `application/x-ndjson`; the others get nothing but the report. Confined to one thread.
///
/// A line is sent once a second at most, and none is waited for: a client may listen only when it
/// has sent everything.
final class ImportProgress {

  private static final Header NDJSON =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, ProductImport.MEDIA_TYPE);

  private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

  private final ServerResponse response;
  private final boolean wanted;
  private long last = System.nanoTime();
  private @Nullable SkippableLines lines;

  ImportProgress(ServerRequestHeaders headers, ServerResponse response) {
    this.response = response;
    this.wanted =
        headers.contains(HeaderNames.ACCEPT)
            && headers.get(HeaderNames.ACCEPT).values().contains(ProductImport.MEDIA_TYPE);
  }

  void tell(ImportReport report) throws IOException {
    if (wanted && System.nanoTime() - last >= PAUSE_NANOS) {
      last = System.nanoTime();
      begun().offer(report.progressJson());
    }
  }

  /// Whether the answer has begun: what comes now can only be one more line of it.
  boolean isUnderWay() {
    return lines != null;
  }

  void end(byte[] json) throws IOException {
    if (wanted) {
      begun().end(json);
    } else {
      response.header(Answers.JSON).send(json);
    }
  }

  private SkippableLines begun() {
    SkippableLines begun = lines;
    if (begun == null) {
      response.header(NDJSON);
      begun = new SkippableLines(new BufferedOutputStream(response.outputStream()));
      lines = begun;
    }
    return begun;
  }
}
