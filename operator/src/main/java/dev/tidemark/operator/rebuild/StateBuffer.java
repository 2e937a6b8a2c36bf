package dev.tidemark.operator.rebuild;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.operator.rebuild.AggregateState.Cacheable;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/// States in the order in which they were read, packed in memory, as many as fit. The buffer is
/// first written, then read, once. Confined to one thread at a time.
final class StateBuffer {

  private static final int PAGE_BYTES = 1 << 20;
  private static final int NO_PAYLOAD = -1;

  private final long mostBytes;
  private final Deque<ByteBuffer> pages = new ArrayDeque<>();
  private long bytes;

  StateBuffer(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /// Appends a state.
  ///
  /// @return false when it has no room for this one
  boolean add(Cacheable state) {
    byte[] key = state.key().getBytes(UTF_8);
    byte[] payload =
        switch (state.value()) {
          case CachedValue.Present(long _, byte[] json) -> json;
          case CachedValue.Absent _ -> new byte[0];
        };
    int needed = Long.BYTES + 2 * Integer.BYTES + key.length + payload.length;
    if (pages.isEmpty() || pages.getLast().remaining() < needed) {
      int size = Math.max(PAGE_BYTES, needed);
      if (bytes + size > mostBytes) {
        return false;
      }
      bytes += size;
      pages.addLast(ByteBuffer.allocate(size));
    }
    pages
        .getLast()
        .putLong(state.version())
        .putInt(key.length)
        .putInt(state.value() instanceof CachedValue.Absent ? NO_PAYLOAD : payload.length)
        .put(key)
        .put(payload);
    return true;
  }

  /// Ends the writing.
  void flip() {
    pages.forEach(ByteBuffer::flip);
  }

  /// Removes and returns the next state.
  Optional<Cacheable> next() {
    while (!pages.isEmpty() && !pages.getFirst().hasRemaining()) {
      pages.removeFirst();
    }
    ByteBuffer page = pages.peekFirst();
    if (page == null) {
      return Optional.empty();
    }
    long version = page.getLong();
    byte[] key = new byte[page.getInt()];
    int length = page.getInt();
    page.get(key);
    CachedValue value;
    if (length == NO_PAYLOAD) {
      value = new CachedValue.Absent(version);
    } else {
      byte[] payload = new byte[length];
      page.get(payload);
      value = new CachedValue.Present(version, payload);
    }
    return Optional.of(new Cacheable(new String(key, UTF_8), value));
  }
}
