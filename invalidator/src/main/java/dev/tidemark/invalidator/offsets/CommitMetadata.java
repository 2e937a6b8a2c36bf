package dev.tidemark.invalidator.offsets;

import java.util.Optional;

/// Metadata that is committed beside an offset, for the consumer that continues there. Immutable.
///
/// @param primaries where the entries were
/// @param floor what these may lose when others take their place was applied from this offset on
record CommitMetadata(Primaries primaries, long floor) {

  private static final String PREFIX = "tidemark redis=";
  private static final String FLOOR = " floor=";

  /// Reads the metadata; empty when another program has written it.
  static Optional<CommitMetadata> parse(String metadata) {
    int floor = metadata.indexOf(FLOOR);
    if (!metadata.startsWith(PREFIX) || floor < 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new CommitMetadata(
              Primaries.parse(metadata.substring(PREFIX.length(), floor)),
              Long.parseLong(metadata.substring(floor + FLOOR.length()))));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  @Override
  public String toString() {
    return PREFIX + primaries + FLOOR + floor;
  }
}
