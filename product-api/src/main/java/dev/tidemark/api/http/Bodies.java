package dev.tidemark.api.http;

import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import dev.tidemark.api.product.MalformedJsonException;
import dev.tidemark.api.product.MergePatch;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.webserver.http.ServerRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.zip.ZipException;

/// Reads the body of a request, in the allowed form and up to the allowed size. Immutable.
public final class Bodies {

  /// Number of copies of a body in memory: bytes, text, product, and the data sent to the database.
  private static final int COPIES = 4;

  private static final int BUFFER_SIZE = 8 * 1024;

  /// Name of the charset. Without the hyphen it is not an official name, but clients use it.
  private static final Pattern UTF_8 =
      Pattern.compile("=(utf-?8|\"utf-?8\")", Pattern.CASE_INSENSITIVE);

  /// Pattern of a name and a value, which may be quoted.
  private static final Pattern PARAMETER =
      Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+=([!#$%&'*+.^_`|~0-9A-Za-z-]+|\"[^\"\\\\]*\")");

  private final int limit;

  /// @param limit of a JSON body, in bytes
  public Bodies(int limit) {
    this.limit = limit;
  }

  public byte[] json(ServerRequest request) {
    return read(request, "application/json");
  }

  public MergePatch mergePatch(ServerRequest request) {
    try {
      return MergePatch.read(read(request, MergePatch.MEDIA_TYPE));
    } catch (MalformedJsonException e) {
      throw new ProblemException(Problem.malformedJson(String.valueOf(e.getMessage())));
    }
  }

  private byte[] read(ServerRequest request, String mediaType) {
    ServerRequestHeaders headers = request.headers();
    if (!isMediaType(headers, mediaType)) {
      throw new ProblemException(Problem.unsupportedMediaType(mediaType));
    }
    if (headers.contentLength().orElse(0) > limit) {
      throw new ProblemException(Problem.bodyTooLarge(limit));
    }
    try (InputStream body = stream(request)) {
      return read(body);
    } catch (ZipException e) {
      throw new ProblemException(
          Problem.malformedRequest("The body is not whole gzip: " + e.getMessage() + "."));
    } catch (IOException e) {
      throw new UncheckedIOException("a body was not read to its end", e);
    }
  }

  /// Reads a body in pieces: one that comes slowly, or not at all, takes memory only for what has
  /// come.
  private byte[] read(InputStream body) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] some = new byte[BUFFER_SIZE];
    for (int read = body.read(some); read >= 0; read = body.read(some)) {
      if (bytes.size() + read > limit) {
        throw new ProblemException(Problem.bodyTooLarge(limit));
      }
      BytesUnderWay.hold((long) COPIES * read);
      bytes.write(some, 0, read);
    }
    return bytes.toByteArray();
  }

  /// Returns the bytes of a body as they come; none when there is no body.
  public static InputStream stream(ServerRequest request) {
    return request.content().hasEntity()
        ? new FramedBody(request.content().inputStream())
        : InputStream.nullInputStream();
  }

  /// Returns whether the body is declared as this media type, with text in UTF-8.
  public static boolean isMediaType(ServerRequestHeaders headers, String wanted) {
    if (!headers.contains(HeaderNames.CONTENT_TYPE)) {
      return false;
    }
    String[] parts = headers.get(HeaderNames.CONTENT_TYPE).values().split(";", -1);
    return parts[0].strip().equalsIgnoreCase(wanted)
        && Arrays.stream(parts).skip(1).map(String::strip).allMatch(Bodies::isParameter);
  }

  /// Returns whether the text is a parameter. An empty one is allowed: RFC 9110, section 5.6.6.
  private static boolean isParameter(String text) {
    String[] parts = text.split("=", 2);
    return parts[0].equalsIgnoreCase("charset")
        ? UTF_8.matcher(text.substring("charset".length())).matches()
        : text.isEmpty() || PARAMETER.matcher(text).matches();
  }
}
