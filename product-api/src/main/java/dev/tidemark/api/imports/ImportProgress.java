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

/// Reports the progress of an import, one JSON object per line, to clients that accept
/// `application/x-ndjson`; others get only the report. Confined to one thread.
///
/// A line is sent at most once a second, without waiting for it: a client may listen only when it
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

  /// Returns whether the answer has begun, so that anything further can only be another line of it.
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
