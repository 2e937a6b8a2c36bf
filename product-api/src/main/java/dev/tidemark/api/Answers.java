package dev.tidemark.api;

import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;

/// What answers have in common.
final class Answers {

  static final Header JSON =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/json");

  /// Whoever keeps an answer asks before using it again: this service's own cache is the one that
  /// is kept true.
  static final Header REVALIDATE = HeaderValues.createCached(HeaderNames.CACHE_CONTROL, "no-cache");

  private static final HeaderName ETAG = HeaderNames.ETAG;
  private static final Header GZIP =
      HeaderValues.createCached(HeaderNames.CONTENT_ENCODING, "gzip");
  private static final Header VARY = HeaderValues.createCached(HeaderNames.VARY, "Accept-Encoding");

  /// Less fits into one packet anyway.
  private static final int WORTH_COMPRESSING = 1400;

  private Answers() {}

  static void version(ServerResponse response, long version) {
    response.header(HeaderValues.create(ETAG, "\"" + version + "\""));
  }

  /// To a HEAD, all but the body.
  static void send(ServerRequest request, ServerResponse response, byte[] body) {
    if (request.prologue().method().equals(Method.HEAD)) {
      response.contentLength(body.length);
      response.send();
    } else {
      response.send(body);
    }
  }

  /// Compresses a long body for those who take that. Not for single products: their bytes go out as
  /// the cache holds them, and their `ETag` names those bytes.
  static void sendCompressible(ServerRequest request, ServerResponse response, byte[] body) {
    response.header(VARY);
    if (body.length >= WORTH_COMPRESSING && takesGzip(request.headers())) {
      response.header(GZIP);
      send(request, response, gzip(body));
    } else {
      send(request, response, body);
    }
  }

  /// RFC 9110, section 12.5.3: named, or meant by `*`, and not with the weight 0.
  static boolean takesGzip(ServerRequestHeaders headers) {
    if (!headers.contains(HeaderNames.ACCEPT_ENCODING)) {
      return false;
    }
    boolean other = false;
    for (String element :
        headers.get(HeaderNames.ACCEPT_ENCODING).values().toLowerCase(Locale.ROOT).split(",", -1)) {
      String[] parts = element.split(";", -1);
      boolean refused = parts.length > 1 && parts[1].strip().matches("q=0(\\.0{0,3})?");
      switch (parts[0].strip()) {
        case "gzip", "x-gzip" -> {
          return !refused;
        }
        case "*" -> other = !refused;
        default -> {}
      }
    }
    return other;
  }

  private static byte[] gzip(byte[] body) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(body.length / 4);
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(body);
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }
}
