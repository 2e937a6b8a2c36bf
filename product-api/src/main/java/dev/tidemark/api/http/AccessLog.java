package dev.tidemark.api.http;

import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes one line for each request, if enabled: the client, the request, and the result. It
/// contains no query, header or body. Thread-safe.
public final class AccessLog {

  private static final Logger log = LoggerFactory.getLogger(AccessLog.class);

  private final boolean wanted;

  public AccessLog(boolean wanted) {
    this.wanted = wanted;
  }

  void answered(ServerRequest request, ServerResponse response, long nanos) {
    if (wanted) {
      log.atInfo()
          .addKeyValue("method", request.prologue().method().text())
          .addKeyValue("path", request.path().rawPath())
          .addKeyValue("status", response.status().code())
          .addKeyValue("micros", TimeUnit.NANOSECONDS.toMicros(nanos))
          .addKeyValue("client", request.remotePeer().host())
          .log("request");
    }
  }
}
