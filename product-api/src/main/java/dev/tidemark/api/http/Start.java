package dev.tidemark.api.http;

import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;

/// Answers `GET /` with links to the other resources. Immutable.
public final class Start {

  /// Header of RFC 8631.
  private static final Header DESCRIPTION =
      HeaderValues.createCached(HeaderNames.LINK, "</openapi>; rel=\"service-desc\"");

  private static final byte[] LINKS =
      """
      {"name":"Tidemark product API","openapi":"/openapi","products":"/products","docs":"docs/api.md, docs/problems.md"}\
      """
          .getBytes(StandardCharsets.US_ASCII);

  public void handle(ServerRequest request, ServerResponse response) {
    response.header(Answers.REVALIDATE).header(Answers.JSON).header(DESCRIPTION);
    Answers.send(request, response, LINKS);
  }
}
