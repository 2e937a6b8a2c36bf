package dev.tidemark.api.http;

import io.helidon.http.HeaderNames;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.http.encoding.ContentDecoder;
import io.helidon.http.encoding.ContentEncoder;
import io.helidon.http.encoding.ContentEncoding;
import io.helidon.http.encoding.ContentEncodingContext;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipException;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.jspecify.annotations.Nullable;

/// Accepts request bodies with `Content-Encoding: gzip`. Answers are never compressed here: the
/// cached bytes are sent as they are.
public final class GzipDecoding implements ContentEncoding {

  private static final long MOST_READ_ON = 16L * 1024 * 1024;
  private static final Set<String> NAMES = Set.of("gzip", "x-gzip");

  /// Returns whether a body with these headers can be accepted.
  public static boolean isAccepted(ServerRequestHeaders headers) {
    String encoding =
        headers.first(HeaderNames.CONTENT_ENCODING).orElse("").strip().toLowerCase(Locale.ROOT);
    return encoding.isEmpty() || encoding.equals("identity") || NAMES.contains(encoding);
  }

  /// Returns the encodings that the server asks for.
  public static ContentEncodingContext ofRequests() {
    return ContentEncodingContext.builder()
        .contentEncodingsDiscoverServices(false)
        .addContentEncoding(new GzipDecoding())
        .build();
  }

  /// Returns every spelling of the names: the server asks for a name as it was sent, and names are
  /// case-insensitive (RFC 9110, section 8.4.1).
  @Override
  public Set<String> ids() {
    return NAMES.stream().flatMap(GzipDecoding::spellings).collect(Collectors.toSet());
  }

  private static Stream<String> spellings(String name) {
    return name.isEmpty()
        ? Stream.of("")
        : spellings(name.substring(1))
            .flatMap(
                rest ->
                    Stream.of(name.charAt(0), Character.toUpperCase(name.charAt(0)))
                        .distinct()
                        .map(first -> first + rest));
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

  /// Returns the decoded body. Its first bytes are read when the body is read, not before. The
  /// whole body must be gzip, one member after the other: the JDK's own stream treats anything that
  /// follows the first and is no member as the end.
  private static InputStream decoded(InputStream compressed) {
    return new InputStream() {
      private @Nullable InputStream body;

      private InputStream body() throws IOException {
        InputStream opened = body;
        if (opened == null) {
          opened =
              GzipCompressorInputStream.builder()
                  .setInputStream(compressed)
                  .setDecompressConcatenated(true)
                  .get();
          body = opened;
        }
        return opened;
      }

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] bytes, int offset, int length) throws IOException {
        try {
          return body().read(bytes, offset, length);
        } catch (EOFException e) {
          throw new ZipException("it ends too early");
        } catch (IOException e) {
          // The sender is not listening yet, and would lose the answer with the connection.
          long _ = compressed.skip(MOST_READ_ON);
          throw new ZipException("it is damaged, or is no gzip to its end");
        }
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
