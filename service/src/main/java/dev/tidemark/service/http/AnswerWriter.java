package dev.tidemark.service.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// Writes answers as they are, and answers to HTTP/1.0 without chunks, which that version does not
/// know: such an answer ends with the connection. Confined to the connection's thread.
///
/// The server (Helidon 4.5) writes the head of an answer in chunks by itself, and then each chunk
/// with its frame as a whole.
final class AnswerWriter implements DataWriter {

  private static final String CHUNKED = "\r\nTransfer-Encoding: chunked\r\n";

  private final DataWriter writer;
  private final BooleanSupplier isHttp10;
  private boolean isBegun;
  private boolean isChunked;

  /// @param isHttp10 asked when an answer is written
  AnswerWriter(DataWriter writer, BooleanSupplier isHttp10) {
    this.writer = writer;
    this.isHttp10 = isHttp10;
  }

  /// Returns the data without frames; empty when nothing is left.
  private Optional<BufferData> plain(BufferData buffer) {
    byte[] bytes = buffer.readBytes();
    if (!isBegun) {
      isBegun = true;
      String head = new String(bytes, StandardCharsets.ISO_8859_1);
      int chunked = head.indexOf(CHUNKED);
      isChunked = chunked >= 0 && chunked < head.indexOf("\r\n\r\n");
      if (isChunked) {
        bytes = head.replace(CHUNKED, "\r\n").getBytes(StandardCharsets.ISO_8859_1);
      }
    } else if (isChunked) {
      int size = 0;
      while (bytes[size] != '\r') {
        size++;
      }
      bytes = Arrays.copyOfRange(bytes, size + 2, bytes.length - 2);
    }
    return bytes.length == 0 ? Optional.empty() : Optional.of(BufferData.create(bytes));
  }

  private void pass(BufferData buffer, Consumer<BufferData> next) {
    if (isHttp10.getAsBoolean()) {
      plain(buffer).ifPresent(next);
    } else {
      next.accept(buffer);
    }
  }

  @Override
  public void write(BufferData... buffers) {
    pass(BufferData.create(buffers), writer::write);
  }

  @Override
  public void write(BufferData buffer) {
    pass(buffer, writer::write);
  }

  @Override
  public void writeNow(BufferData... buffers) {
    pass(BufferData.create(buffers), writer::writeNow);
  }

  @Override
  public void writeNow(BufferData buffer) {
    pass(buffer, writer::writeNow);
  }

  @Override
  public void flush() {
    writer.flush();
  }

  @Override
  public void close() {
    writer.close();
  }
}
