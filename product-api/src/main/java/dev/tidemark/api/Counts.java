package dev.tidemark.api;

/// How many products of a batch were created, updated, or found to be so already.
record Counts(long created, long updated, long unchanged) {

  static final Counts NONE = new Counts(0, 0, 0);

  Counts plus(Counts other) {
    return new Counts(
        created + other.created, updated + other.updated, unchanged + other.unchanged);
  }

  Counts plus(Outcome outcome) {
    return switch (outcome) {
      case CREATED -> new Counts(created + 1, updated, unchanged);
      case UPDATED -> new Counts(created, updated + 1, unchanged);
      case UNCHANGED -> new Counts(created, updated, unchanged + 1);
      case REFUSED, RACED -> this;
    };
  }
}
