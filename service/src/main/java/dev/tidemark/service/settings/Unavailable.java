package dev.tidemark.service.settings;

/// Something that a command needs does not work, for a reason that tells the operator what to do.
public final class Unavailable extends RuntimeException {
  public Unavailable(String reason) {
    super(reason);
  }
}
