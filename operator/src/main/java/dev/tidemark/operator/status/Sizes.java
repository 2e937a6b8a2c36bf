package dev.tidemark.operator.status;

/// Formats numbers of bytes for a human.
final class Sizes {

  private static final long SMALL = 10_000;
  private static final double MEGA = 1e6;

  private Sizes() {}

  static String bytes(long count) {
    return count < SMALL ? "%d bytes".formatted(count) : "%,.1f MB".formatted(count / MEGA);
  }
}
