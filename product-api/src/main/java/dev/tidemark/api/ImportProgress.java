package dev.tidemark.api;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Tells how an import goes on while it does, a JSON object a line, to those who accept
/// `application/x-ndjson`; the others get nothing but the report. Confined to one thread.
///
/// A line is sent once a second at most: a client that listens only when it has sent everything
/// must not be waited for.
final class ImportProgress {

  private static final Header NDJSON =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, ProductImport.MEDIA_TYPE);

  private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

  private final ServerResponse response;
  private final boolean wanted;
  private long last = System.nanoTime();
  private @Nullable OutputStream lines;

  ImportProgress(ServerRequestHeaders headers, ServerResponse response) {
    this.response = response;
    this.wanted =
        headers.contains(HeaderNames.ACCEPT)
            && headers.get(HeaderNames.ACCEPT).values().contains(ProductImport.MEDIA_TYPE);
  }

  void tell(ImportReport report) throws IOException {
    if (wanted && System.nanoTime() - last >= PAUSE_NANOS) {
      last = System.nanoTime();
      write(report.progressJson());
    }
  }

  /// Whether the answer has begun: what comes now can only be one more line of it.
  boolean isUnderWay() {
    return lines != null;
  }

  void end(byte[] json) throws IOException {
    if (wanted) {
      write(json);
      if (lines != null) {
        lines.close();
      }
    } else {
      response.header(Answers.JSON).send(json);
    }
  }

  private void write(byte[] json) throws IOException {
    if (lines == null) {
      response.header(NDJSON);
      lines = response.outputStream();
    }
    lines.write(json);
    lines.write('\n');
    lines.flush();
  }
}
