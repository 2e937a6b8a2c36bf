package dev.tidemark.operator.rebuild;

import com.dynatrace.hash4j.hashing.Hasher64;
import com.dynatrace.hash4j.hashing.Hashing;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/// Newest version that was seen of each key, in 20 to 30 bytes per key: a hash of the key and the
/// version, in arrays. Thread-safe.
///
/// Two keys with the same hash share one entry, with the newer of their versions. The other key
/// then does not have its newest version there, and is left out. No version is ever mistaken for
/// the newest.
///
/// Keys are in segments by the first bits of their hash. An index that would grow past its memory
/// drops its last segments, and [#next] creates the index for their keys.
final class VersionIndex {

  /// Number of segments: large enough that the part that is given up is small.
  static final int SEGMENTS = 1024;

  private static final int SEGMENT_BITS = 10;

  private static final long TAKEN = 1L << 62;
  private static final long UNKNOWN = 1L << 63;
  private static final long VERSION = TAKEN - 1;

  private final ToLongFunction<String> hash;
  private final int first;
  private final long mostBytes;
  private final @Nullable Segment[] segments = new Segment[SEGMENTS];
  private int end = SEGMENTS;
  private long bytes;

  /// Creates an index for all keys, as far as they fit.
  VersionIndex(long mostBytes) {
    this(mostBytes, seeded(), 0);
  }

  /// @param first keys of the segments before are passed over
  VersionIndex(long mostBytes, ToLongFunction<String> hash, int first) {
    this.mostBytes = mostBytes;
    this.hash = hash;
    this.first = first;
  }

  private static ToLongFunction<String> seeded() {
    Hasher64 hasher = Hashing.xxh3_64(ThreadLocalRandom.current().nextLong());
    return hasher::hashCharsToLong;
  }

  /// Returns an index for the keys that do not fit in this one. All of them must be seen again.
  VersionIndex next() {
    return new VersionIndex(mostBytes, hash, end());
  }

  synchronized int end() {
    return end;
  }

  synchronized boolean hasAll() {
    return end == SEGMENTS;
  }

  synchronized long bytes() {
    return bytes;
  }

  synchronized boolean covers(String key) {
    return covers(segmentOf(hash(key)));
  }

  /// Notes a version of the key.
  ///
  /// @return the newest that was seen before; 0 without one
  synchronized long saw(String key, long version) {
    long hashed = hash(key);
    Segment segment = withRoomFor(hashed);
    if (segment == null) {
      return 0;
    }
    long known = segment.get(hashed);
    if (version > (known & VERSION)) {
      segment.put(hashed, version | (known & UNKNOWN));
    }
    return known & VERSION;
  }

  /// Notes that the key has an unknown version: no version counts as its newest from now on.
  synchronized void sawUnknown(String key) {
    long hashed = hash(key);
    Segment segment = withRoomFor(hashed);
    if (segment != null) {
      segment.put(hashed, segment.get(hashed) | UNKNOWN);
    }
  }

  /// Returns whether this is the newest version of the key that was seen.
  synchronized boolean isNewest(String key, long version) {
    return (state(hash(key)) & ~TAKEN) == version;
  }

  /// Returns the same as [#isNewest], but for each version only to the first caller.
  synchronized boolean take(String key, long version) {
    long hashed = hash(key);
    Segment segment = segments[segmentOf(hashed)];
    if (segment == null || segment.get(hashed) != version) {
      return false;
    }
    segment.put(hashed, version | TAKEN);
    return true;
  }

  private long state(long hashed) {
    Segment segment = segments[segmentOf(hashed)];
    return segment == null ? 0 : segment.get(hashed);
  }

  /// Returns the segment, with room for one more; null when the index does not hold it.
  private @Nullable Segment withRoomFor(long hashed) {
    int number = segmentOf(hashed);
    if (!covers(number)) {
      return null;
    }
    Segment segment = segments[number];
    long more = segment == null ? Segment.FIRST_BYTES : segment.bytesForOneMore();
    while (bytes + more > mostBytes && end > first + 1) {
      giveUpLast();
    }
    if (!covers(number)) {
      return null;
    }
    bytes += more;
    if (segment == null) {
      segment = new Segment();
      segments[number] = segment;
    } else if (more > 0) {
      segment.grow();
    }
    return segment;
  }

  private void giveUpLast() {
    end--;
    Segment last = segments[end];
    bytes -= last == null ? 0 : last.bytes();
    segments[end] = null;
  }

  private boolean covers(int segment) {
    return segment >= first && segment < end;
  }

  /// Returns the hash of a key, which is never zero: zero marks a free place.
  private long hash(String key) {
    long hashed = hash.applyAsLong(key);
    return hashed == 0 ? 1 : hashed;
  }

  private static int segmentOf(long hashed) {
    return (int) (hashed >>> (Long.SIZE - SEGMENT_BITS));
  }

  /// Hashes with their versions: open addressing with linear probing, always with a free place.
  private static final class Segment {

    private static final int FIRST_PLACES = 8;
    private static final double FULL = 0.8;
    private static final double GROWTH = 1.5;
    private static final int BYTES = 2 * Long.BYTES;
    private static final int FIRST_BYTES = FIRST_PLACES * BYTES;

    /// Hash and version, by place.
    private long[] places = new long[2 * FIRST_PLACES];

    private int taken;

    long get(long hashed) {
      return places[find(hashed) + 1];
    }

    void put(long hashed, long known) {
      int at = find(hashed);
      if (places[at] == 0) {
        places[at] = hashed;
        taken++;
      }
      places[at + 1] = known;
    }

    long bytes() {
      return (long) BYTES * capacity();
    }

    /// Returns the memory needed for one more; zero while the segment need not grow.
    long bytesForOneMore() {
      return taken + 1 > FULL * capacity() ? (long) BYTES * (grown() - capacity()) : 0;
    }

    void grow() {
      long[] old = places;
      places = new long[2 * grown()];
      taken = 0;
      for (int i = 0; i < old.length; i += 2) {
        if (old[i] != 0) {
          put(old[i], old[i + 1]);
        }
      }
    }

    private int grown() {
      return (int) (capacity() * GROWTH);
    }

    private int capacity() {
      return places.length / 2;
    }

    private int find(long hashed) {
      int capacity = capacity();
      // The bits that chose the segment are the same for all of its keys.
      int place = (int) Math.unsignedMultiplyHigh(hashed << SEGMENT_BITS, capacity);
      while (places[2 * place] != 0 && places[2 * place] != hashed) {
        place = place + 1 == capacity ? 0 : place + 1;
      }
      return 2 * place;
    }
  }
}
