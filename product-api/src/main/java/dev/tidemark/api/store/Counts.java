package dev.tidemark.api.store;

/// Number of products of a batch that were created, updated, or left unchanged.
public record Counts(long created, long updated, long unchanged) {

  public static final Counts NONE = new Counts(0, 0, 0);

  public Counts plus(Counts other) {
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
