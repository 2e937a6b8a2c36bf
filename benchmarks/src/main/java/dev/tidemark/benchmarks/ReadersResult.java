package dev.tidemark.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/// Results of the readers of one process in one stampede.
///
/// @param failures how many came back without a value
/// @param latencies the microseconds from the start to each reader's return, in HdrHistogram's own
///   compressed form
@SuppressWarnings("ArrayRecordComponent") // only ever sent
record ReadersResult(int failures, byte[] latencies) {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  static ReadersResult of(int failures, Histogram micros) {
    ByteBuffer buffer = ByteBuffer.allocate(micros.getNeededByteBufferCapacity());
    int length = micros.encodeIntoCompressedByteBuffer(buffer);
    return new ReadersResult(failures, Arrays.copyOf(buffer.array(), length));
  }

  static ReadersResult parse(String json) {
    try {
      return JSON.readValue(json, ReadersResult.class);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException("a process of readers said: " + json, e);
    }
  }

  Histogram micros() {
    try {
      return Histogram.decodeFromCompressedByteBuffer(ByteBuffer.wrap(latencies), 0);
    } catch (DataFormatException e) {
      throw new IllegalStateException("a process of readers sent no histogram", e);
    }
  }

  String json() {
    try {
      return JSON.writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
