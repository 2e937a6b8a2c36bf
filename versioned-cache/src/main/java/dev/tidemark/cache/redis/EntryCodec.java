package dev.tidemark.cache.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.cache.store.Tokens;
import java.util.Arrays;
import java.util.Optional;

/// An entry as bytes: an ASCII header line, then the payload.
///
/// ```
/// V42\n{json}     the value at version 42
/// D42\n           known absent at version 42
/// L42:<token>\n   a lease with floor 42
/// ```
///
/// The scripts read the same headers; both sides change together.
final class EntryCodec {

  private static final byte[] EMPTY = {};
  private static final int MAX_DIGITS = 16;

  /// Largest size of an entry in bytes: kind, digits, line feed, payload.
  static final int LARGEST = 1 + MAX_DIGITS + 1 + CachedValue.LARGEST_PAYLOAD;

  private EntryCodec() {}

  static byte[] encode(CachedValue value) {
    return switch (value) {
      case CachedValue.Present(long version, byte[] payload) -> entry('V', version, payload);
      case CachedValue.Absent(long version) -> entry('D', version, EMPTY);
    };
  }

  /// Returns a lease as it is when it has just been taken.
  static byte[] lease(String token) {
    return ("L0:" + token + '\n').getBytes(US_ASCII);
  }

  private static byte[] entry(char kind, long version, byte[] payload) {
    byte[] header = (kind + Long.toString(version) + '\n').getBytes(US_ASCII);
    byte[] entry = Arrays.copyOf(header, header.length + payload.length);
    System.arraycopy(payload, 0, entry, header.length, payload.length);
    return entry;
  }

  /// Returns the entry; empty when the bytes are no entry.
  static Optional<Lookup> decode(byte[] entry) {
    if (entry.length < 3 || entry.length > LARGEST) {
      return Optional.empty();
    }
    int end = 1;
    long number = 0;
    while (end < entry.length && end <= MAX_DIGITS && entry[end] >= '0' && entry[end] <= '9') {
      number = number * 10 + (entry[end] - '0');
      end++;
    }
    if (end == 1 || end == entry.length || number > CachedValue.MAX_VERSION) {
      return Optional.empty();
    }
    boolean line = entry[end] == '\n';
    if (entry[0] == 'V' && line && number > 0) {
      byte[] payload = Arrays.copyOfRange(entry, end + 1, entry.length);
      return Optional.of(new Lookup.Hit(new CachedValue.Present(number, payload)));
    }
    if (entry[0] == 'D' && line && end + 1 == entry.length) {
      return Optional.of(new Lookup.Hit(new CachedValue.Absent(number)));
    }
    if (entry[0] == 'L' && entry[end] == ':' && isToken(entry, end + 1)) {
      return Optional.of(new Lookup.Filling(number));
    }
    return Optional.empty();
  }

  private static boolean isToken(byte[] entry, int from) {
    return entry[entry.length - 1] == '\n'
        && Tokens.isValid(new String(entry, from, entry.length - 1 - from, US_ASCII));
  }
}
