package dev.tidemark.api.product;

/// Thrown when a text is not JSON, or not in the required form. The message gives the place and the
/// reason.
public final class MalformedJsonException extends Exception {

  private final boolean cut;

  MalformedJsonException(String message) {
    this(message, false);
  }

  private MalformedJsonException(String message, boolean cut) {
    super(message, null, false, false);
    this.cut = cut;
  }

  static MalformedJsonException cut() {
    return new MalformedJsonException("The text ends in the middle of the JSON.", true);
  }

  /// Returns whether the text is JSON as far as it goes.
  boolean isCut() {
    return cut;
  }
}
