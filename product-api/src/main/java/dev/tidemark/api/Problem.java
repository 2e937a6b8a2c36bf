package dev.tidemark.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.helidon.http.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/// An error as RFC 9457 tells it: `application/problem+json`.
///
/// @param status the HTTP status
/// @param name what kind of error it is, for programs; the end of `type`, and never changed
/// @param title the same in words
/// @param detail what happened this time, and what to do
/// @param violations which fields break which rules
/// @param members further members of the object
record Problem(
    Status status,
    String name,
    String title,
    String detail,
    List<Violation> violations,
    Map<String, Long> members) {

  private static final String TYPE_PREFIX = "urn:tidemark:problem:";
  private static final JsonFactory JSON = new JsonFactory();
  private static final Status CONTENT_TOO_LARGE = Status.create(413, "Content Too Large");
  private static final Status UNPROCESSABLE = Status.create(422, "Unprocessable Content");

  Problem {
    violations = List.copyOf(violations);
    members = Map.copyOf(members);
  }

  private Problem(Status status, String name, String title, String detail) {
    this(status, name, title, detail, List.of(), Map.of());
  }

  static Problem productNotFound() {
    return new Problem(
        Status.NOT_FOUND_404, "product-not-found", "No such product", "No product has this id.");
  }

  static Problem noSuchResource() {
    return new Problem(
        Status.NOT_FOUND_404, "no-such-resource", "No such resource", "Nothing is at this path.");
  }

  static Problem methodNotAllowed(String method, String allowed) {
    return new Problem(
        Status.METHOD_NOT_ALLOWED_405,
        "method-not-allowed",
        "Method not allowed",
        "%s is not for this resource; %s are.".formatted(method, allowed));
  }

  static Problem malformedJson(String detail) {
    return new Problem(Status.BAD_REQUEST_400, "malformed-json", "Malformed JSON", detail);
  }

  static Problem malformedRequest(String detail) {
    return new Problem(Status.BAD_REQUEST_400, "malformed-request", "Malformed request", detail);
  }

  static Problem invalidProduct(List<Violation> violations) {
    return new Problem(
        UNPROCESSABLE,
        "invalid-product",
        "Invalid product",
        "The product breaks the rules that are listed.",
        violations,
        Map.of());
  }

  static Problem productExists(long version) {
    return new Problem(
        Status.CONFLICT_409,
        "product-exists",
        "The product exists",
        "A product has this id already; PUT replaces it.",
        List.of(),
        Map.of("version", version));
  }

  static Problem preconditionFailed(long version) {
    return new Problem(
        Status.PRECONDITION_FAILED_412,
        "precondition-failed",
        "Precondition failed",
        version == 0
            ? "There is no such product."
            : "The product is not as the request expects; its newest version is " + version + ".",
        List.of(),
        Map.of("version", version));
  }

  static Problem versionNotReached(long wanted, long version) {
    return new Problem(
        Status.PRECONDITION_FAILED_412,
        "version-not-reached",
        "Version not reached",
        "Min-Version is %d, and the newest committed version is %d.".formatted(wanted, version),
        List.of(),
        Map.of("version", version));
  }

  static Problem unauthorized() {
    return new Problem(
        Status.UNAUTHORIZED_401,
        "unauthorized",
        "Unauthorized",
        "Writes need the header \"Authorization: Bearer\" with the token of this service.");
  }

  static Problem bodyTooLarge(int limit) {
    return new Problem(
        CONTENT_TOO_LARGE,
        "body-too-large",
        "Body too large",
        "A body may have %d bytes at most.".formatted(limit),
        List.of(),
        Map.of("limit", (long) limit));
  }

  static Problem unsupportedMediaType(String wanted) {
    return new Problem(
        Status.UNSUPPORTED_MEDIA_TYPE_415,
        "unsupported-media-type",
        "Unsupported media type",
        "The body must be " + wanted + ".");
  }

  static Problem databaseAway(String detail) {
    return new Problem(
        Status.SERVICE_UNAVAILABLE_503, "database-away", "The database is away", detail);
  }

  static Problem overloaded() {
    return new Problem(
        Status.SERVICE_UNAVAILABLE_503,
        "overloaded",
        "Overloaded",
        "Too many reads of the database are under way.");
  }

  static Problem internal() {
    return new Problem(
        Status.INTERNAL_SERVER_ERROR_500,
        "internal",
        "Internal error",
        "The service failed in a way that it should not; its log tells more.");
  }

  /// An error that the HTTP server itself found, before any resource saw the request.
  static Problem http(Status status, String detail) {
    return new Problem(status, "malformed-request", status.reasonPhrase(), detail);
  }

  Problem withMembers(Map<String, Long> more) {
    return new Problem(status, name, title, detail, violations, more);
  }

  byte[] json() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("type", TYPE_PREFIX + name);
      json.writeStringField("title", title);
      json.writeNumberField("status", status.code());
      json.writeStringField("detail", detail);
      if (!violations.isEmpty()) {
        json.writeArrayFieldStart("errors");
        for (Violation violation : violations) {
          json.writeStartObject();
          json.writeStringField("field", violation.field());
          json.writeStringField("rule", violation.rule());
          json.writeEndObject();
        }
        json.writeEndArray();
      }
      for (Map.Entry<String, Long> member : members.entrySet()) {
        json.writeNumberField(member.getKey(), member.getValue());
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }
}
