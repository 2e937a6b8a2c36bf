package dev.tidemark.api.http;

import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/// Origins whose pages may use this API in a browser, by the CORS protocol of the Fetch standard;
/// none unless configured. Immutable.
///
/// @param origins as browsers write them, `*` for all
public record Cors(List<String> origins) {

  private static final String ALL = "*";

  private static final Pattern ORIGIN = Pattern.compile("https?://[^/?#@\\s,]+");

  private static final HeaderName ALLOWED = HeaderNames.create("Access-Control-Allow-Origin");
  private static final Header FOR_ALL = HeaderValues.createCached(ALLOWED, ALL);
  private static final Header EXPOSED =
      HeaderValues.createCached(
          HeaderNames.create("Access-Control-Expose-Headers"),
          "Accept-Patch, Cache-Status, ETag, Idempotency-Replayed, Link, Location, Retry-After");
  private static final Header VARY = HeaderValues.createCached(HeaderNames.VARY, "Origin");

  private static final HeaderName METHODS = HeaderNames.create("Access-Control-Allow-Methods");
  private static final Header REQUEST_HEADERS =
      HeaderValues.createCached(
          HeaderNames.create("Access-Control-Allow-Headers"),
          "Authorization, Cache-Control, Content-Type, Idempotency-Key, If-Match, If-None-Match,"
              + " Min-Version, traceparent");
  private static final Header AN_HOUR =
      HeaderValues.createCached(HeaderNames.create("Access-Control-Max-Age"), "3600");

  public Cors {
    origins = List.copyOf(origins);
    for (String origin : origins) {
      if (!origin.equals(ALL) && !ORIGIN.matcher(origin).matches()) {
        throw new IllegalArgumentException(
            "TIDEMARK_API_CORS_ORIGINS has \"%s\", which is no origin like https://shop.example; several have commas between, * is for all"
                .formatted(origin));
      }
    }
  }

  /// Reads the setting: origins, separated by commas.
  ///
  /// @param text empty for none
  public static Cors of(String text) {
    return new Cors(
        text.isBlank()
            ? List.of()
            : Arrays.stream(text.split(",", -1)).map(String::strip).toList());
  }

  /// Allows the page that sent the request to read the answer, if its origin is allowed.
  void mark(ServerRequest request, ServerResponse response) {
    if (origins.isEmpty()) {
      return;
    }
    if (origins.contains(ALL)) {
      response.header(FOR_ALL).header(EXPOSED);
      return;
    }
    response.headers().add(VARY);
    request
        .headers()
        .first(HeaderNames.ORIGIN)
        .filter(origins::contains)
        .ifPresent(origin -> response.header(HeaderValues.create(ALLOWED, origin)).header(EXPOSED));
  }

  /// Answers a browser's preflight request for what a page may send.
  ///
  /// @param methods of the resource, with commas between
  void preflight(ServerResponse response, String methods) {
    if (response.headers().contains(ALLOWED)) {
      response
          .header(HeaderValues.create(METHODS, methods))
          .header(REQUEST_HEADERS)
          .header(AN_HOUR);
    }
  }
}
