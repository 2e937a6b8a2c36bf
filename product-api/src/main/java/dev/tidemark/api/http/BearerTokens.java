package dev.tidemark.api.http;

import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.function.Supplier;

/// Tokens of writers. Where there are any, a writer must send one. Thread-safe.
public final class BearerTokens {

  private static final String SCHEME = "bearer ";

  private final Supplier<List<String>> tokens;

  /// @param tokens are asked for at each write; none means that nobody must show one
  public BearerTokens(Supplier<List<String>> tokens) {
    this.tokens = tokens;
  }

  /// Returns a handler that only clients with a valid token reach.
  public Handler guard(Handler handler) {
    return (request, response) -> {
      if (!isShown(request)) {
        throw new ProblemException(Problem.unauthorized());
      }
      handler.handle(request, response);
    };
  }

  private boolean isShown(ServerRequest request) {
    List<String> expected = tokens.get();
    if (expected.isEmpty()) {
      return true;
    }
    String header = request.headers().first(HeaderNames.AUTHORIZATION).orElse("");
    boolean bearer = header.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
    byte[] shown = utf8(bearer ? header.substring(SCHEME.length()).strip() : "");
    boolean found = false;
    for (String token : expected) {
      // All of them, and each to its end, so that the time shows neither which one fits nor how
      // far: it depends on the length of what is shown alone.
      found |= MessageDigest.isEqual(shown, utf8(token));
    }
    return found;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
