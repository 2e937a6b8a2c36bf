package dev.tidemark.api.store;

import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import dev.tidemark.event.Sha256;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerRequestHeaders;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Name that a client gives to a request that it may send again, when it does not know whether the
/// first one arrived (header `Idempotency-Key`).
///
/// @param key 1 to 255 visible ASCII characters; quotes around it are taken off
/// @param fingerprint SHA-256 of the request's body
@SuppressWarnings("ArrayRecordComponent") // handed on, never changed
public record IdempotencyKey(String key, byte[] fingerprint) {

  private static final HeaderName HEADER = HeaderNames.create("Idempotency-Key");

  /// Pattern of a string of RFC 8941, as in the draft of the header, or of the bare word that most
  /// clients send.
  private static final Pattern FORM =
      Pattern.compile("\"([\\x21\\x23-\\x5B\\x5D-\\x7E]{1,255})\"|([\\x21\\x23-\\x7E]{1,255})");

  public static Optional<IdempotencyKey> of(ServerRequestHeaders headers, byte[] body) {
    if (!headers.contains(HEADER)) {
      return Optional.empty();
    }
    Matcher matcher = FORM.matcher(headers.get(HEADER).values().strip());
    if (!matcher.matches()) {
      throw new ProblemException(
          Problem.malformedRequest(
              "Idempotency-Key must be 1 to 255 visible ASCII characters, without spaces."));
    }
    String key = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
    return Optional.of(new IdempotencyKey(key, Sha256.of(body)));
  }
}
