package dev.tidemark.api.problem;

import io.helidon.http.Status;
import java.util.Locale;

/// Kinds of errors. Programs use the name, which never changes; docs/problems.md describes the
/// meaning and the remedy of each.
public enum ProblemType {
  MALFORMED_REQUEST(400, "Malformed request"),
  MALFORMED_JSON(400, "Malformed JSON"),
  UNAUTHORIZED(401, "Unauthorized"),
  NO_SUCH_RESOURCE(404, "No such resource"),
  PRODUCT_NOT_FOUND(404, "No such product"),
  METHOD_NOT_ALLOWED(405, "Method not allowed"),
  REQUEST_TIMEOUT(408, "Request timeout"),
  PRODUCT_EXISTS(409, "The product exists"),
  DELETION_NOT_CONFIRMED(409, "Deletion not confirmed"),
  PRECONDITION_FAILED(412, "Precondition failed"),
  VERSION_NOT_REACHED(412, "Version not reached"),
  BODY_TOO_LARGE(413, "Body too large"),
  UNSUPPORTED_MEDIA_TYPE(415, "Unsupported media type"),
  INVALID_PRODUCT(422, "Invalid product"),
  IDEMPOTENCY_KEY_REUSED(422, "Idempotency key reused"),
  INTERNAL(500, "Internal error"),
  DATABASE_AWAY(503, "The database is away"),
  OVERLOADED(503, "Overloaded");

  private static final String PREFIX = "urn:tidemark:problem:";

  private final int status;
  private final String title;

  ProblemType(int status, String title) {
    this.status = status;
    this.title = title;
  }

  Status status() {
    return switch (status) {
      // With their current names, RFC 9110.
      case 413 -> Status.create(413, "Content Too Large");
      case 422 -> Status.create(422, "Unprocessable Content");
      default -> Status.create(status);
    };
  }

  String title() {
    return title;
  }

  /// Returns `urn:tidemark:problem:` and the name in lower case, with dashes.
  public String uri() {
    return PREFIX + name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
