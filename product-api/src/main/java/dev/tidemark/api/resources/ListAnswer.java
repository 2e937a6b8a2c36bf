package dev.tidemark.api.resources;

import dev.tidemark.api.http.Answers;
import dev.tidemark.api.http.BytesUnderWay;
import io.helidon.http.Method;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/// List of products under construction. It is sent as a whole while it is short, and piece by piece
/// when it has become long, so that it is never in memory as a whole. Confined to one thread.
final class ListAnswer {

  /// Length beyond which the list is not kept.
  private static final int LONGEST_WHOLE = 1024 * 1024;

  private final ServerRequest request;
  private final ServerResponse response;
  private final Runnable headers;
  private final List<byte[]> kept = new ArrayList<>();
  private long keptBytes;
  private long length;
  private boolean isFirst = true;
  private @Nullable OutputStream pieces;

  /// @param headers sets what is known of the list when the first of it is sent
  ListAnswer(ServerRequest request, ServerResponse response, Runnable headers) {
    this.request = request;
    this.response = response;
    this.headers = headers;
    put("{\"products\":[".getBytes(StandardCharsets.US_ASCII));
  }

  /// @param product its JSON
  void add(byte[] product) {
    if (!isFirst) {
      put(new byte[] {','});
    }
    isFirst = false;
    put(product);
  }

  private boolean isHead() {
    return request.prologue().method().equals(Method.HEAD);
  }

  private void put(byte[] bytes) {
    length += bytes.length;
    if (isHead()) {
      return;
    }
    BytesUnderWay.hold(bytes.length);
    kept.add(bytes);
    keptBytes += bytes.length;
    if (keptBytes > LONGEST_WHOLE) {
      sendKept();
    }
  }

  private void sendKept() {
    OutputStream out = pieces;
    try {
      if (out == null) {
        headers.run();
        response.header(Answers.REVALIDATE).header(Answers.JSON);
        out = begun();
        pieces = out;
      }
      for (byte[] bytes : kept) {
        out.write(bytes);
        BytesUnderWay.free(bytes.length);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("a list was not taken", e);
    }
    kept.clear();
    keptBytes = 0;
  }

  private OutputStream begun() throws IOException {
    boolean isCompressed = Answers.beginCompressible(request, response);
    OutputStream out = new BufferedOutputStream(Answers.stream(response), Answers.PIECE);
    return isCompressed ? new GZIPOutputStream(out, Answers.PIECE) : out;
  }

  /// @param end of the object
  void end(byte[] end) {
    put(end);
    OutputStream out = pieces;
    if (out != null) {
      sendKept();
      try {
        out.close();
      } catch (IOException e) {
        throw new UncheckedIOException("a list was not taken to its end", e);
      }
      return;
    }
    headers.run();
    response.header(Answers.REVALIDATE).header(Answers.JSON);
    if (isHead()) {
      response.headers().add(Answers.VARY);
      response.contentLength(length);
      response.send();
      return;
    }
    BytesUnderWay.hold(keptBytes);
    ByteArrayOutputStream whole = new ByteArrayOutputStream((int) keptBytes);
    kept.forEach(whole::writeBytes);
    Answers.sendCompressible(request, response, whole.toByteArray());
  }
}
