package dev.tidemark.api.http;

import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;

/// Common parts of answers.
public final class Answers {

  public static final Header JSON =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/json");

  /// Header that makes caches ask before they use an answer again: only this service's own cache is
  /// kept correct.
  public static final Header REVALIDATE =
      HeaderValues.createCached(HeaderNames.CACHE_CONTROL, "no-cache");

  private static final byte[] NOTHING = {};

  private static final HeaderName ETAG = HeaderNames.ETAG;
  private static final Header GZIP =
      HeaderValues.createCached(HeaderNames.CONTENT_ENCODING, "gzip");
  public static final Header VARY = HeaderValues.createCached(HeaderNames.VARY, "Accept-Encoding");

  /// Size of the pieces in which a longer body is handed to the server.
  public static final int PIECE = 64 * 1024;

  /// Smallest length that is compressed. Less fits into one packet anyway.
  private static final int WORTH_COMPRESSING = 1400;

  private Answers() {}

  public static void version(ServerResponse response, long version) {
    response.header(HeaderValues.create(ETAG, "\"" + version + "\""));
  }

  /// Sends a status that has no body, and no length of one: RFC 9110, section 8.6.
  public static void sendEmpty(ServerResponse response, Status status) {
    response.status(status);
    OutputStream out = response.outputStream();
    // The server itself adds a length to a body that it sends as a whole.
    response.headers().remove(HeaderNames.CONTENT_LENGTH);
    taken(
        () ->
            unchecked(
                () -> {
                  // On HTTP/2 the first piece is held back, and the second brings the headers.
                  out.write(NOTHING);
                  out.write(NOTHING);
                  out.close();
                  ((RoutingResponse) response).commit();
                }));
  }

  /// Sends an answer, without its body for a HEAD.
  public static void send(ServerRequest request, ServerResponse response, byte[] body) {
    if (request.prologue().method().equals(Method.HEAD)) {
      response.contentLength(body.length);
      response.send();
    } else {
      send(response, body);
    }
  }

  public static void send(ServerResponse response, byte[] body) {
    if (body.length <= PIECE) {
      taken(() -> response.send(body));
      return;
    }
    // The server would copy a body that it is given as a whole.
    response.contentLength(body.length);
    OutputStream out = stream(response);
    try {
      for (int sent = 0; sent < body.length; sent += PIECE) {
        out.write(body, sent, Math.min(PIECE, body.length - sent));
      }
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException("an answer was not taken", e);
    }
  }

  /// Returns the body of an answer whose pieces are each waited for, up to a time limit.
  public static OutputStream stream(ServerResponse response) {
    OutputStream out = response.outputStream();
    return new OutputStream() {
      @Override
      public void write(int b) {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) {
        taken(() -> unchecked(() -> out.write(bytes, offset, length)));
      }

      @Override
      public void flush() {
        // The pieces are large enough.
      }

      @Override
      public void close() {
        taken(
            () -> {
              unchecked(out::close);
              // Otherwise the end is sent when the handler has returned, and not at all if the
              // connection ends.
              ((RoutingResponse) response).commit();
            });
      }
    };
  }

  private interface Write {
    void run() throws IOException;
  }

  private static void unchecked(Write write) {
    try {
      write.run();
    } catch (IOException e) {
      throw new UncheckedIOException("an answer was not taken", e);
    }
  }

  private static void taken(Runnable write) {
    ClientWait wait = ClientWait.current();
    if (wait == null) {
      write.run();
    } else {
      wait.writing(write);
    }
  }

  /// Sends a long body compressed to clients that accept that. Single products are not compressed:
  /// their bytes are sent as the cache holds them, and their `ETag` names those bytes.
  public static void sendCompressible(ServerRequest request, ServerResponse response, byte[] body) {
    if (body.length >= WORTH_COMPRESSING && beginCompressible(request, response)) {
      send(request, response, gzip(body));
    } else {
      response.headers().add(VARY);
      send(request, response, body);
    }
  }

  /// Sets the headers of a body that is compressed for clients that accept that.
  ///
  /// @return whether it is to be
  public static boolean beginCompressible(ServerRequest request, ServerResponse response) {
    response.headers().add(VARY);
    boolean isCompressed = takesGzip(request.headers());
    if (isCompressed) {
      response.header(GZIP);
    }
    return isCompressed;
  }

  /// Returns whether gzip is accepted by RFC 9110, section 12.5.3: named, or meant by `*`, and not
  /// with the weight 0.
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
