package dev.tidemark.cache.store;

import java.util.Arrays;

/// Content of a key at a version: the state of an aggregate, or the knowledge that there is none.
/// Immutable, as long as nobody writes into the payload.
public sealed interface CachedValue {

  /// The largest version: 2^53 - 1, the end of the integers that Redis's Lua compares exactly.
  long MAX_VERSION = (1L << 53) - 1;

  /// The largest payload that is stored, in bytes: 8 MiB. A larger one is read from its source each
  /// time.
  int LARGEST_PAYLOAD = 8 << 20;

  long version();

  /// Returns whether the value is small enough to be stored.
  default boolean isStorable() {
    return !(this instanceof Present(long _, byte[] payload)) || payload.length <= LARGEST_PAYLOAD;
  }

  /// A live aggregate.
  ///
  /// @param version 1 to [CachedValue#MAX_VERSION]
  /// @param payload any bytes; they are stored and served as they are, and not copied here
  @SuppressWarnings("ArrayRecordComponent") // a copy per hit would cost more than the risk
  record Present(long version, byte[] payload) implements CachedValue {
    public Present {
      Versions.check(version, 1);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Present(long otherVersion, byte[] otherPayload)
          && version == otherVersion
          && Arrays.equals(payload, otherPayload);
    }

    @Override
    public int hashCode() {
      return 31 * Long.hashCode(version) + Arrays.hashCode(payload);
    }

    /// Returns a text without the payload, which may be private.
    @Override
    public String toString() {
      return "Present[version=" + version + ", " + payload.length + " bytes]";
    }
  }

  /// No aggregate: deleted by this version, or never there.
  ///
  /// @param version that of the delete; 0 when the aggregate never existed
  record Absent(long version) implements CachedValue {
    public Absent {
      Versions.check(version, 0);
    }
  }
}
