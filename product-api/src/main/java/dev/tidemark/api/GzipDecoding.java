package dev.tidemark.api;

import io.helidon.http.HeaderNames;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.http.encoding.ContentDecoder;
import io.helidon.http.encoding.ContentEncoder;
import io.helidon.http.encoding.ContentEncoding;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Set;
import java.util.zip.GZIPInputStream;

/// Takes request bodies with `Content-Encoding: gzip`. Answers are never compressed: the cached
/// bytes go out as they are.
final class GzipDecoding implements ContentEncoding {

  private static final int BUFFER_SIZE = 64 * 1024;
  private static final Set<String> NAMES = Set.of("gzip", "x-gzip");

  /// Whether a body with these headers can be taken.
  static boolean isAccepted(ServerRequestHeaders headers) {
    String encoding =
        headers.first(HeaderNames.CONTENT_ENCODING).orElse("").strip().toLowerCase(Locale.ROOT);
    return encoding.isEmpty() || encoding.equals("identity") || NAMES.contains(encoding);
  }

  @Override
  public Set<String> ids() {
    return NAMES;
  }

  @Override
  public boolean supportsEncoding() {
    return false;
  }

  @Override
  public boolean supportsDecoding() {
    return true;
  }

  @Override
  public ContentDecoder decoder() {
    return GzipDecoding::decoded;
  }

  @Override
  public ContentEncoder encoder() {
    return ContentEncoder.NO_OP;
  }

  @Override
  public String name() {
    return "gzip";
  }

  @Override
  public String type() {
    return "gzip";
  }

  /// The first bytes are looked at when the body is read, not before.
  private static InputStream decoded(InputStream compressed) {
    return new InputStream() {
      private InputStream body = InputStream.nullInputStream();
      private boolean opened;

      private InputStream body() throws IOException {
        if (!opened) {
          opened = true;
          body = new GZIPInputStream(compressed, BUFFER_SIZE);
        }
        return body;
      }

      @Override
      public int read() throws IOException {
        return body().read();
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        return body().read(bytes, offset, length);
      }

      @Override
      public void close() {
        try {
          compressed.close();
        } catch (IOException e) {
          throw new UncheckedIOException("closing a compressed body failed", e);
        }
      }
    };
  }
}
