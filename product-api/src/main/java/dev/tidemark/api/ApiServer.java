package dev.tidemark.api;

import dev.tidemark.api.http.AccessLog;
import dev.tidemark.api.http.Admission;
import dev.tidemark.api.http.ApiTokens;
import dev.tidemark.api.http.BearerTokens;
import dev.tidemark.api.http.Bodies;
import dev.tidemark.api.http.ClientConnections;
import dev.tidemark.api.http.Endpoint;
import dev.tidemark.api.http.GzipDecoding;
import dev.tidemark.api.http.HttpMetrics;
import dev.tidemark.api.http.Limits;
import dev.tidemark.api.http.OpenApi;
import dev.tidemark.api.http.Start;
import dev.tidemark.api.http.TimedSockets;
import dev.tidemark.api.http.TlsFiles;
import dev.tidemark.api.http.TokenFile;
import dev.tidemark.api.imports.ProductImport;
import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import dev.tidemark.api.resources.ProductLists;
import dev.tidemark.api.resources.ProductReads;
import dev.tidemark.api.resources.ProductWrites;
import dev.tidemark.api.store.ProductStore;
import dev.tidemark.cache.VersionedCache;
import dev.tidemark.service.http.Http1;
import io.helidon.common.configurable.Resource;
import io.helidon.common.pki.Keys;
import io.helidon.common.tls.TlsConfig;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http2.Http2Config;
import io.helidon.webserver.http2.Http2ConnectionSelector;
import io.helidon.webserver.spi.ServerConnectionSelector;
import io.opentelemetry.api.metrics.Meter;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// The public HTTP server, with the handler of each path and method.
final class ApiServer {

  /// Longest time for current requests to finish when the server stops.
  private static final Duration DRAIN = Duration.ofSeconds(20);

  private static final Duration NEVER = Duration.ofDays(365);

  private static final int BACKLOG = 1024;

  /// Length limit of the first line, with room for the most ids of the longest kind in one query.
  private static final int LONGEST_FIRST_LINE = 16 * 1024;

  private static final int MOST_HEADERS = 16 * 1024;

  /// Largest number of concurrent requests on one connection of HTTP/2.
  private static final int MOST_STREAMS = 100;

  /// Part of all concurrent requests that one connection of HTTP/2 may have.
  private static final int SHARES = 20;

  /// Limit of request bodies on one connection of HTTP/2 that have come in and are not read yet.
  private static final int WINDOW_BYTES = 256 * 1024;

  private ApiServer() {}

  static WebServer create(
      Configuration configuration,
      ProductStore store,
      VersionedCache cache,
      Meter meter,
      Admission admission,
      ClientConnections clients) {
    Limits limits = configuration.limits();
    WebServerConfig.Builder server = WebServer.builder();
    configuration.tls().ifPresent(files -> server.tls(tls -> tls(tls, files)));
    return server
        .host(configuration.host())
        .port(configuration.port())
        .backlog(BACKLOG)
        .maxTcpConnections(limits.connections())
        .shutdownHook(false)
        .shutdownGracePeriod(DRAIN)
        // Otherwise channels are read as such, which know no timeout.
        .useNio(false)
        // Writes come in pieces that are large enough.
        .writeBufferSize(0)
        .connectionOptions(new TimedSockets(limits.readTimeout()))
        // The server would consider a long import idle.
        .idleConnectionTimeout(NEVER)
        .contentEncoding(GzipDecoding.ofRequests())
        .protocolsDiscoverServices(false)
        .connectionSelectors(protocols(limits).stream().map(clients::timed).toList())
        .directHandlers(problems())
        .routing(
            routing -> {
              HttpMetrics metrics = new HttpMetrics(meter);
              AccessLog log = new AccessLog(configuration.accessLog());
              resources(configuration, store, cache)
                  .forEach(
                      (path, methods) ->
                          routing.any(
                              path,
                              new Endpoint(
                                  metrics.route(path),
                                  log,
                                  admission,
                                  configuration.cors(),
                                  methods)));
              routing.any(
                  new Endpoint(
                      metrics.route("/*"), log, admission, configuration.cors(), Map.of()));
            })
        .build();
  }

  private static void tls(TlsConfig.Builder tls, TlsFiles files) {
    Keys own =
        Keys.builder()
            .pem(
                pem ->
                    pem.key(Resource.create(files.key()))
                        .certChain(Resource.create(files.certificate())))
            .build();
    tls.privateKey(own).privateKeyCertChain(own).enabledProtocols(List.of("TLSv1.3", "TLSv1.2"));
  }

  /// Returns the protocols: HTTP/1.1 and HTTP/1.0, and HTTP/2 for clients that agree on it by TLS
  /// or know it beforehand. A connection is not upgraded while it is in use: RFC 9113 has removed
  /// that.
  private static List<ServerConnectionSelector> protocols(Limits limits) {
    return List.of(
        new Http1(LONGEST_FIRST_LINE, MOST_HEADERS),
        Http2ConnectionSelector.builder()
            .http2Config(
                Http2Config.builder()
                    .maxHeaderListSize(MOST_HEADERS)
                    .maxConcurrentStreams(Math.clamp(limits.requests() / SHARES, 1, MOST_STREAMS))
                    .initialWindowSize(WINDOW_BYTES)
                    .flowControlTimeout(limits.writeTimeout())
                    .build())
            .build());
  }

  /// Returns the handlers, by path and method; the more specific path comes first.
  static Map<String, Map<Method, Handler>> resources(
      Configuration configuration, ProductStore store, VersionedCache cache) {
    ProductReads reads = new ProductReads(store, cache);
    ProductLists lists = new ProductLists(store, cache);
    ProductWrites writes = new ProductWrites(store, cache, new Bodies(configuration.bodyLimit()));
    ProductImport imports = new ProductImport(store, configuration.bodyLimit());
    ApiTokens tokens = configuration.apiTokens();
    BearerTokens token =
        new BearerTokens(
            tokens
                .file()
                .<Supplier<List<String>>>map(file -> new TokenFile(file, tokens.fixed()))
                .orElse(tokens::fixed));

    // A product may have the id "import". Only POST means something else there.
    Map<Method, Handler> product =
        Map.of(
            Method.GET,
            withoutParameters(reads::one),
            Method.HEAD,
            withoutParameters(reads::one),
            Method.PUT,
            token.guard(withoutParameters(writes::put)),
            Method.PATCH,
            token.guard(withoutParameters(writes::patch)),
            Method.DELETE,
            token.guard(withoutParameters(writes::delete)));
    Map<Method, Handler> productsImport = new HashMap<>(product);
    productsImport.put(Method.POST, token.guard(imports::handle));

    Map<String, Map<Method, Handler>> resources = new LinkedHashMap<>();
    resources.put("/products/import", productsImport);
    resources.put("/products/{id}", product);
    resources.put(
        "/products",
        Map.of(
            Method.GET, lists::handle,
            Method.HEAD, lists::handle,
            Method.POST, token.guard(withoutParameters(writes::create))));
    resources.put("/openapi", readOnly(new OpenApi()::handle));
    resources.put("/", readOnly(new Start()::handle));
    return resources;
  }

  private static Map<Method, Handler> readOnly(Handler handler) {
    Handler strict = withoutParameters(handler);
    return Map.of(Method.GET, strict, Method.HEAD, strict);
  }

  /// Refuses parameters. An unknown parameter may be a misspelled one, which the client expects to
  /// be obeyed.
  private static Handler withoutParameters(Handler handler) {
    return (request, response) -> {
      if (!request.query().isEmpty()) {
        throw new ProblemException(
            Problem.malformedRequest("There are no query parameters for this."));
      }
      handler.handle(request, response);
    };
  }

  /// Returns handlers that answer with a problem, too, when the server refuses a request before any
  /// route is tried.
  private static DirectHandlers problems() {
    DirectHandler handler =
        (request, _, _, headers, _) -> {
          Problem problem = problem(request.headers());
          return DirectHandler.TransportResponse.builder()
              .status(problem.status())
              .headers(headers)
              .header(HeaderNames.CONTENT_TYPE, "application/problem+json")
              .keepAlive(false)
              .entity(problem.json())
              .build();
        };
    DirectHandlers.Builder handlers = DirectHandlers.builder();
    for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
      handlers.addHandler(type, handler);
    }
    return handlers.build();
  }

  /// Returns the problem. Each route answers for its own faults: a fault that comes here is the
  /// request's, whatever status the server would give it.
  private static Problem problem(ServerRequestHeaders headers) {
    if (headers.contains(HeaderNames.CONTENT_ENCODING) && !GzipDecoding.isAccepted(headers)) {
      return Problem.unsupportedMediaType("plain, or with Content-Encoding: gzip");
    }
    return Problem.malformedRequest(
        "The first line or a header is not in the form that HTTP asks for, or there is too much of it (%d bytes)."
            .formatted(MOST_HEADERS));
  }
}
