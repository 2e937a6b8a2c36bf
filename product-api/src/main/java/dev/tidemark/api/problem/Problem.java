package dev.tidemark.api.problem;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.helidon.http.Status;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// An error in the form of RFC 9457: `application/problem+json`.
///
/// @param detail what happened this time, and what to do
/// @param violations which fields break which rules
/// @param members further members of the object
public record Problem(
    ProblemType type, String detail, List<Violation> violations, Map<String, Long> members) {

  private static final JsonFactory JSON = new JsonFactory();

  public Problem {
    violations = List.copyOf(violations);
    members = Map.copyOf(members);
  }

  private Problem(ProblemType type, String detail) {
    this(type, detail, List.of(), Map.of());
  }

  public static Problem productNotFound() {
    return new Problem(ProblemType.PRODUCT_NOT_FOUND, "No product has this id.");
  }

  public static Problem noSuchResource() {
    return new Problem(ProblemType.NO_SUCH_RESOURCE, "Nothing is at this path.");
  }

  public static Problem methodNotAllowed(String method, String allowed) {
    return new Problem(
        ProblemType.METHOD_NOT_ALLOWED,
        "%s is not for this resource; %s are.".formatted(method, allowed));
  }

  public static Problem malformedJson(String detail) {
    return new Problem(ProblemType.MALFORMED_JSON, detail);
  }

  public static Problem malformedRequest(String detail) {
    return new Problem(ProblemType.MALFORMED_REQUEST, detail);
  }

  public static Problem requestTimeout() {
    return new Problem(
        ProblemType.REQUEST_TIMEOUT, "Nothing came for too long; the request is not whole.");
  }

  public static Problem invalidProduct(List<Violation> violations) {
    return new Problem(
        ProblemType.INVALID_PRODUCT,
        "The product breaks the rules that are listed.",
        violations,
        Map.of());
  }

  public static Problem productExists(long version) {
    return new Problem(
        ProblemType.PRODUCT_EXISTS,
        "A product has this id already; PUT replaces it.",
        List.of(),
        Map.of("version", version));
  }

  public static Problem deletionNotConfirmed(long wouldDelete, long products) {
    return new Problem(
        ProblemType.DELETION_NOT_CONFIRMED,
        "The import would delete %d of %d products, more than half. Where this is meant, send it again with confirm-delete=%d."
            .formatted(wouldDelete, products, wouldDelete),
        List.of(),
        Map.of("wouldDelete", wouldDelete, "products", products));
  }

  public static Problem idempotencyKeyReused() {
    return new Problem(
        ProblemType.IDEMPOTENCY_KEY_REUSED,
        "This Idempotency-Key was used with another body; nothing was written.");
  }

  public static Problem preconditionFailed(long version) {
    return new Problem(
        ProblemType.PRECONDITION_FAILED,
        version == 0
            ? "There is no such product."
            : "The product is not as the request expects; its newest version is " + version + ".",
        List.of(),
        Map.of("version", version));
  }

  public static Problem versionNotReached(long wanted, long version) {
    return new Problem(
        ProblemType.VERSION_NOT_REACHED,
        "Min-Version is %d, and the newest committed version is %d.".formatted(wanted, version),
        List.of(),
        Map.of("version", version));
  }

  public static Problem unauthorized() {
    return new Problem(
        ProblemType.UNAUTHORIZED,
        "Writes need the header \"Authorization: Bearer\" with a token of this service.");
  }

  public static Problem bodyTooLarge(int limit) {
    return new Problem(
        ProblemType.BODY_TOO_LARGE,
        "A body may have %d bytes at most.".formatted(limit),
        List.of(),
        Map.of("limit", (long) limit));
  }

  public static Problem unsupportedMediaType(String wanted) {
    return new Problem(ProblemType.UNSUPPORTED_MEDIA_TYPE, "The body must be " + wanted + ".");
  }

  public static Problem databaseAway(String detail) {
    return new Problem(ProblemType.DATABASE_AWAY, detail);
  }

  public static Problem overloaded(String detail) {
    return new Problem(ProblemType.OVERLOADED, detail);
  }

  public static Problem internal() {
    return new Problem(
        ProblemType.INTERNAL,
        "The service failed in a way that it should not; its log tells more.");
  }

  public Status status() {
    return type.status();
  }

  /// Returns this problem with more members, and with a sentence at the end of its detail.
  public Problem with(String sentence, Map<String, Long> more) {
    Map<String, Long> all = new HashMap<>(members);
    all.putAll(more);
    return new Problem(type, (detail + " " + sentence).strip(), violations, all);
  }

  public byte[] json() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      json.writeStringField("type", type.uri());
      json.writeStringField("title", type.title());
      json.writeNumberField("status", status().code());
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
