package dev.tidemark.cache.redis;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.Lookup;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Content of the key at one moment of an interleaving: the bytes in Redis, or nothing. Immutable.
public final class StoredEntry implements Comparable<StoredEntry> {

  public static final StoredEntry NOTHING = new StoredEntry(null, new Lookup.Miss());

  private final byte @Nullable [] bytes;
  private final Lookup meaning;
  private final int hash;

  private StoredEntry(byte @Nullable [] bytes, Lookup meaning) {
    this.bytes = bytes;
    this.meaning = meaning;
    this.hash = Arrays.hashCode(bytes);
  }

  /// Reads an entry.
  ///
  /// @throws AssertionError when the bytes are no entry
  public static StoredEntry of(byte @Nullable [] bytes) {
    if (bytes == null) {
      return NOTHING;
    }
    return new StoredEntry(
        bytes,
        EntryCodec.decode(bytes)
            .orElseThrow(() -> new AssertionError("no entry: " + new String(bytes, UTF_8))));
  }

  public static StoredEntry of(CachedValue value) {
    return of(EntryCodec.encode(value));
  }

  /// Returns the bytes; null for nothing.
  byte @Nullable [] bytes() {
    return bytes;
  }

  /// Returns the entry as `EntryCodec` reads it.
  public Lookup meaning() {
    return meaning;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof StoredEntry that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public int compareTo(StoredEntry other) {
    return Arrays.compare(bytes, other.bytes);
  }

  /// Returns the header line.
  @Override
  public String toString() {
    return bytes == null ? "nothing" : new String(bytes, UTF_8).lines().findFirst().orElseThrow();
  }
}
