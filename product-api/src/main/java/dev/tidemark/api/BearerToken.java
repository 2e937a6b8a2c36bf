package dev.tidemark.api;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;

/// The token that writers must show, where one is set. Immutable.
final class BearerToken {

  private static final String SCHEME = "bearer ";

  private final Optional<byte[]> expected;

  BearerToken(Optional<String> token) {
    this.expected = token.map(text -> text.getBytes(StandardCharsets.UTF_8));
  }

  /// Lets only those through to a handler who show the token.
  Handler guard(Handler handler) {
    return (request, response) -> {
      if (!isShown(request)) {
        throw new ProblemException(Problem.unauthorized());
      }
      handler.handle(request, response);
    };
  }

  private boolean isShown(ServerRequest request) {
    if (expected.isEmpty()) {
      return true;
    }
    String header = request.headers().first(HeaderNames.AUTHORIZATION).orElse("");
    boolean bearer = header.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
    byte[] shown =
        (bearer ? header.substring(SCHEME.length()).strip() : "").getBytes(StandardCharsets.UTF_8);
    // Takes the same time wherever the first difference is.
    return MessageDigest.isEqual(expected.get(), shown);
  }
}
