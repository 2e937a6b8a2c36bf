package dev.tidemark.api;

import io.helidon.http.ServerRequestHeaders;
import io.helidon.webserver.http.ServerRequest;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.zip.ZipException;

/// Takes the body of a request, in the form and up to the size that is allowed. Immutable.
final class Bodies {

  private final int limit;

  /// @param limit of a JSON body, in bytes
  Bodies(int limit) {
    this.limit = limit;
  }

  byte[] json(ServerRequest request) {
    ServerRequestHeaders headers = request.headers();
    if (!isMediaType(headers, "application/json")) {
      throw new ProblemException(Problem.unsupportedMediaType("application/json"));
    }
    if (headers.contentLength().orElse(0) > limit) {
      throw new ProblemException(Problem.bodyTooLarge(limit));
    }
    if (!request.content().hasEntity()) {
      return new byte[0];
    }
    try (InputStream body = request.content().inputStream()) {
      byte[] bytes = body.readNBytes(limit + 1);
      if (bytes.length > limit) {
        throw new ProblemException(Problem.bodyTooLarge(limit));
      }
      return bytes;
    } catch (ZipException | EOFException e) {
      throw new ProblemException(Problem.malformedRequest("The body is not whole gzip."));
    } catch (IOException e) {
      throw new UncheckedIOException("a body was not read to its end", e);
    }
  }

  /// Whether the body is declared as this, its text being UTF-8.
  static boolean isMediaType(ServerRequestHeaders headers, String wanted) {
    return headers
        .contentType()
        .filter(type -> type.text().split(";", -1)[0].strip().equalsIgnoreCase(wanted))
        .filter(type -> type.charset().orElse("utf-8").equalsIgnoreCase("utf-8"))
        .isPresent();
  }
}
