package dev.tidemark.api.http;

import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/// Answers `GET /openapi` with the description of this API, in OpenAPI 3.1. A test compares it with
/// the behaviour of the service. Immutable.
public final class OpenApi {

  static final String RESOURCE = "/openapi.json";

  private final byte[] json;

  public OpenApi() {
    try (InputStream in =
        Objects.requireNonNull(OpenApi.class.getResourceAsStream(RESOURCE), RESOURCE)) {
      json = in.readAllBytes();
    } catch (IOException e) {
      throw new IllegalStateException("cannot read the program's own jar", e);
    }
  }

  public void handle(ServerRequest request, ServerResponse response) {
    response.header(Answers.REVALIDATE).header(Answers.JSON);
    Answers.sendCompressible(request, response, json);
  }
}
