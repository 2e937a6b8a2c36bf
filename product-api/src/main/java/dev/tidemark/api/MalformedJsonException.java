package dev.tidemark.api;

/// A text is not JSON, or not in the form that is asked for; the message says where and why.
final class MalformedJsonException extends Exception {

  MalformedJsonException(String message) {
    super(message, null, false, false);
  }
}
