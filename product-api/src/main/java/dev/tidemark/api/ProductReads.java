package dev.tidemark.api;

import dev.tidemark.cache.CacheKey;
import dev.tidemark.cache.CachedValue;
import dev.tidemark.cache.Read;
import dev.tidemark.cache.ReadOption;
import dev.tidemark.cache.VersionedCache;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Answers reads: one product through the cache, its bytes passed on as they are stored, and pages
/// of products from the database. Thread-safe.
final class ProductReads {

  private static final int DEFAULT_PAGE = 100;
  private static final int LARGEST_PAGE = 1000;

  private static final HeaderName CACHE_STATUS = HeaderNames.create("Cache-Status");

  private static final Map<Read.Served, Header> CACHE_STATUSES = cacheStatuses();

  private final ProductStore store;
  private final VersionedCache cache;

  ProductReads(ProductStore store, VersionedCache cache) {
    this.store = store;
    this.cache = cache;
  }

  /// `GET /products/{id}`
  void one(ServerRequest request, ServerResponse response) {
    String id = Product.idOf(request.path().path());
    if (!Product.isId(id)) {
      throw new ProblemException(Problem.productNotFound());
    }
    ServerRequestHeaders headers = request.headers();
    ReadOption option = RequestHeaders.readOption(headers);
    Read read = cache.read(CacheKey.of("product", id), option, () -> store.find(id));
    response.header(CACHE_STATUSES.get(read.served()));
    long version = read.value().version();
    long least = RequestHeaders.minVersion(headers);
    if (version < least) {
      throw new ProblemException(Problem.versionNotReached(least, version));
    }
    switch (read.value()) {
      case CachedValue.Absent(long _) -> throw new ProblemException(Problem.productNotFound());
      case CachedValue.Present(long _, byte[] json) -> {
        response.header(Answers.REVALIDATE);
        Answers.version(response, version);
        if (RequestHeaders.isKnown(headers, version)) {
          response.status(Status.NOT_MODIFIED_304).send();
        } else {
          response.header(Answers.JSON);
          send(request, response, json);
        }
      }
    }
  }

  /// `GET /products?after=&limit=`
  void page(ServerRequest request, ServerResponse response) {
    UriQuery query = request.query();
    for (String name : query.names()) {
      if (!Set.of("after", "limit").contains(name)) {
        throw malformed("The parameters are after and limit, not " + name + ".");
      }
    }
    String after = query.first("after").orElse("");
    if (!after.isEmpty() && !Product.isId(after)) {
      throw malformed("after must be the id of a product.");
    }
    int limit = limit(query.first("limit").orElse(Integer.toString(DEFAULT_PAGE)));
    List<ProductStore.Entry> entries = store.page(after, limit + 1);
    boolean more = entries.size() > limit;
    List<ProductStore.Entry> shown = more ? entries.subList(0, limit) : entries;
    if (more) {
      response.header(
          HeaderNames.LINK,
          "</products?after=%s&limit=%d>; rel=\"next\"".formatted(shown.getLast().id(), limit));
    }
    response.header(Answers.REVALIDATE).header(Answers.JSON);
    send(request, response, json(shown));
  }

  private static int limit(String text) {
    try {
      int limit = Integer.parseInt(text);
      if (limit >= 1 && limit <= LARGEST_PAGE) {
        return limit;
      }
    } catch (NumberFormatException e) {
      // Told below, with the numbers out of range.
    }
    throw malformed("limit must be a number from 1 to " + LARGEST_PAGE + ".");
  }

  private static byte[] json(List<ProductStore.Entry> entries) {
    ByteArrayOutputStream page = new ByteArrayOutputStream();
    page.writeBytes("{\"products\":[".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    for (int i = 0; i < entries.size(); i++) {
      if (i > 0) {
        page.write(',');
      }
      page.writeBytes(entries.get(i).json());
    }
    page.write(']');
    page.write('}');
    return page.toByteArray();
  }

  private static void send(ServerRequest request, ServerResponse response, byte[] body) {
    if (request.prologue().method().equals(Method.HEAD)) {
      response.contentLength(body.length);
      response.send();
    } else {
      response.send(body);
    }
  }

  private static ProblemException malformed(String detail) {
    return new ProblemException(Problem.malformedRequest(detail));
  }

  /// RFC 9211.
  private static Map<Read.Served, Header> cacheStatuses() {
    Map<Read.Served, Header> statuses = new EnumMap<>(Read.Served.class);
    for (Read.Served served : Read.Served.values()) {
      statuses.put(
          served,
          HeaderValues.createCached(
              CACHE_STATUS,
              "tidemark; "
                  + switch (served) {
                    case HIT -> "hit";
                    case NEAR_HIT -> "hit; detail=near";
                    case STORED -> "fwd=miss; stored";
                    case NOT_STORED -> "fwd=miss";
                    case COLLAPSED -> "fwd=miss; collapsed";
                    case BYPASSED -> "fwd=request";
                    case DEGRADED -> "fwd=bypass";
                  }));
    }
    return statuses;
  }
}
