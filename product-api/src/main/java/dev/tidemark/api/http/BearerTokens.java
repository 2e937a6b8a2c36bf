package dev.tidemark.api.http;

import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.function.Supplier;

/// The tokens of which writers must show one, where there are any. Thread-safe.
public final class BearerTokens {

  private static final String SCHEME = "bearer ";

  private final Supplier<List<String>> tokens;

  /// @param tokens are asked for at each write; none means that nobody must show one
  public BearerTokens(Supplier<List<String>> tokens) {
    this.tokens = tokens;
  }

  /// Lets only those through to a handler who show a token.
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
    byte[] shown = digest(bearer ? header.substring(SCHEME.length()).strip() : "");
    boolean found = false;
    for (String token : expected) {
      // All of them, and each to its end: the time tells neither which one fits nor how far.
      found |= MessageDigest.isEqual(digest(token), shown);
    }
    return found;
  }

  /// Of one length, whatever the token's is.
  private static byte[] digest(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
