package dev.tidemark.api.product;

/// A text is not JSON, or not in the form that is asked for; the message says where and why.
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

  /// Whether the text is JSON as far as it goes.
  boolean isCut() {
    return cut;
  }
}
