package dev.tidemark.api.resources;

import dev.tidemark.api.http.Answers;
import dev.tidemark.api.http.BytesUnderWay;
import dev.tidemark.api.http.CacheStatus;
import dev.tidemark.api.http.RequestHeaders;
import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import dev.tidemark.api.product.CachedProduct;
import dev.tidemark.api.product.Product;
import dev.tidemark.api.store.ProductStore;
import dev.tidemark.cache.Read;
import dev.tidemark.cache.ReadOption;
import dev.tidemark.cache.VersionedCache;
import dev.tidemark.cache.store.CacheKey;
import dev.tidemark.cache.store.CachedValue;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

/// Answers reads of one product through the cache. It passes the bytes on as they are stored.
/// Thread-safe.
public final class ProductReads {

  private final ProductStore store;
  private final VersionedCache cache;

  public ProductReads(ProductStore store, VersionedCache cache) {
    this.store = store;
    this.cache = cache;
  }

  /// Answers `GET /products/{id}`.
  public void one(ServerRequest request, ServerResponse response) {
    String id = Product.idOf(request.path().path());
    if (!Product.isId(id)) {
      throw new ProblemException(Problem.productNotFound());
    }
    ServerRequestHeaders headers = request.headers();
    ReadOption option = RequestHeaders.readOption(headers);
    Read read = cache.read(CacheKey.of(CachedProduct.TYPE, id), option, () -> store.find(id));
    response.header(CacheStatus.of(read));
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
        if (!RequestHeaders.isWanted(headers, version)) {
          throw new ProblemException(Problem.preconditionFailed(version));
        }
        if (RequestHeaders.isKnown(headers, version)) {
          Answers.sendEmpty(response, Status.NOT_MODIFIED_304);
        } else {
          BytesUnderWay.hold(json.length);
          response.header(Answers.JSON);
          Answers.send(request, response, json);
        }
      }
    }
  }
}
