package dev.tidemark.api;

import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerResponse;

/// Headers that answers about products have in common.
final class Answers {

  static final Header JSON =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/json");

  /// Whoever keeps an answer asks before using it again: this service's own cache is the one that
  /// is kept true.
  static final Header REVALIDATE = HeaderValues.createCached(HeaderNames.CACHE_CONTROL, "no-cache");

  private static final HeaderName ETAG = HeaderNames.ETAG;

  private Answers() {}

  static void version(ServerResponse response, long version) {
    response.header(HeaderValues.create(ETAG, "\"" + version + "\""));
  }
}
