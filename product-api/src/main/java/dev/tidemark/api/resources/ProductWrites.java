package dev.tidemark.api.resources;

import dev.tidemark.api.http.Answers;
import dev.tidemark.api.http.Bodies;
import dev.tidemark.api.http.BytesUnderWay;
import dev.tidemark.api.http.RequestHeaders;
import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import dev.tidemark.api.problem.Violation;
import dev.tidemark.api.product.CachedProduct;
import dev.tidemark.api.product.Condition;
import dev.tidemark.api.product.MergePatch;
import dev.tidemark.api.product.Parsed;
import dev.tidemark.api.product.Product;
import dev.tidemark.api.product.ProductReader;
import dev.tidemark.api.store.DeleteResult;
import dev.tidemark.api.store.IdempotencyKey;
import dev.tidemark.api.store.KeyedResult;
import dev.tidemark.api.store.ProductStore;
import dev.tidemark.api.store.WriteResult;
import dev.tidemark.cache.VersionedCache;
import dev.tidemark.cache.store.CacheKey;
import dev.tidemark.cache.store.CachedValue;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Answers writes of one product. After the commit it informs the cache, so that the writer's next
/// read sees the write; a failure of this does not affect the request. A repeated write informs it
/// again, because the process may have died in between the first time. Thread-safe.
public final class ProductWrites {

  /// Header of an answer that repeats that of an earlier request.
  private static final Header REPLAYED =
      HeaderValues.createCached(HeaderNames.create("Idempotency-Replayed"), "true");

  private static final ProductReader READER = ProductReader.withOptionalId();

  /// Reader for the result of a patch, which must keep the product's id.
  private static final ProductReader PATCHED = ProductReader.withId();

  private final ProductStore store;
  private final VersionedCache cache;
  private final Bodies bodies;

  public ProductWrites(ProductStore store, VersionedCache cache, Bodies bodies) {
    this.store = store;
    this.cache = cache;
    this.bodies = bodies;
  }

  /// Answers `POST /products`.
  public void create(ServerRequest request, ServerResponse response) {
    RequestHeaders.refuseCondition(request.headers());
    byte[] body = bodies.json(request);
    Product product = product(READER.read(body, UUID.randomUUID().toString()));
    Optional<String> traceparent = RequestHeaders.traceparent(request.headers());
    KeyedResult result =
        IdempotencyKey.of(request.headers(), body)
            .map(key -> store.create(product, key, traceparent))
            .orElseGet(
                () ->
                    new KeyedResult.First(
                        store.write(product, new Condition.IfAbsent(), traceparent)));
    switch (result) {
      case KeyedResult.First(WriteResult.Created(long version, byte[] json)) ->
          created(response, product.id(), version, json);
      case KeyedResult.First(WriteResult.Refused(long version)) ->
          throw new ProblemException(Problem.productExists(version));
      case KeyedResult.First(WriteResult.Updated _), KeyedResult.First(WriteResult.Unchanged _) ->
          throw new IllegalStateException("product " + product.id() + " was replaced by a POST");
      case KeyedResult.Again(String id, long version, byte[] json) -> {
        response.header(REPLAYED);
        created(response, id, version, json);
      }
      case KeyedResult.Reused() -> throw new ProblemException(Problem.idempotencyKeyReused());
    }
  }

  /// Answers `PUT /products/{id}`.
  public void put(ServerRequest request, ServerResponse response) {
    String id = Product.idOf(request.path().path());
    if (!Product.isId(id)) {
      throw invalid("id", "must be 1 to 100 of A-Z a-z 0-9 . _ ~ - and not only dots");
    }
    Condition condition = RequestHeaders.condition(request.headers());
    Product product = product(request, id);
    if (!product.id().equals(id)) {
      throw invalid("id", "must be that of the path");
    }
    replaced(
        response,
        id,
        store.write(product, condition, RequestHeaders.traceparent(request.headers())));
  }

  private void replaced(ServerResponse response, String id, WriteResult result) {
    switch (result) {
      case WriteResult.Created(long version, byte[] json) -> created(response, id, version, json);
      case WriteResult.Updated(long version, byte[] json) -> written(response, id, version, json);
      case WriteResult.Unchanged(long version, byte[] json) -> written(response, id, version, json);
      case WriteResult.Refused(long version) -> throw preconditionFailed(response, version);
    }
  }

  /// Answers `PATCH /products/{id}`.
  public void patch(ServerRequest request, ServerResponse response) {
    String id = Product.idOf(request.path().path());
    Condition condition = RequestHeaders.condition(request.headers());
    Optional<String> traceparent = RequestHeaders.traceparent(request.headers());
    MergePatch patch = bodies.mergePatch(request);
    Optional<WriteResult> result =
        Product.isId(id)
            ? store.edit(id, json -> patched(id, patch.applyTo(json)), condition, traceparent)
            : Optional.empty();
    replaced(
        response, id, result.orElseThrow(() -> new ProblemException(Problem.productNotFound())));
  }

  private static Product patched(String id, String json) {
    Product product = product(PATCHED.read(json, id));
    if (!product.id().equals(id)) {
      throw invalid("id", "must be that of the path");
    }
    return product;
  }

  /// Answers `DELETE /products/{id}`.
  public void delete(ServerRequest request, ServerResponse response) {
    String id = Product.idOf(request.path().path());
    Condition condition = RequestHeaders.condition(request.headers());
    Optional<String> traceparent = RequestHeaders.traceparent(request.headers());
    DeleteResult result =
        Product.isId(id) ? store.delete(id, condition, traceparent) : new DeleteResult.Absent();
    switch (result) {
      case DeleteResult.Deleted(long version) -> {
        refresh(id, new CachedValue.Absent(version));
        Answers.version(response, version);
        Answers.sendEmpty(response, Status.NO_CONTENT_204);
      }
      case DeleteResult.Absent() -> {
        if (Product.isId(id) && store.find(id) instanceof CachedValue.Absent absent) {
          refresh(id, absent);
        }
        throw new ProblemException(Problem.productNotFound());
      }
      case DeleteResult.Refused(long version) -> throw preconditionFailed(response, version);
    }
  }

  private Product product(ServerRequest request, String givenId) {
    return product(READER.read(bodies.json(request), givenId));
  }

  private static Product product(Parsed parsed) {
    return switch (parsed) {
      case Parsed.Valid(Product product) -> product;
      case Parsed.Invalid(List<Violation> violations) ->
          throw new ProblemException(Problem.invalidProduct(violations));
      case Parsed.Malformed(String detail, boolean _) ->
          throw new ProblemException(Problem.malformedJson(detail));
    };
  }

  private void created(ServerResponse response, String id, long version, byte[] json) {
    response.status(Status.CREATED_201).header(HeaderNames.LOCATION, "/products/" + id);
    written(response, id, version, json);
  }

  private void written(ServerResponse response, String id, long version, byte[] json) {
    refresh(id, new CachedValue.Present(version, json));
    Answers.version(response, version);
    response.header(Answers.JSON);
    BytesUnderWay.holdAnyway(json.length);
    Answers.send(response, json);
  }

  private void refresh(String id, CachedValue value) {
    cache.refresh(CacheKey.of(CachedProduct.TYPE, id), value);
  }

  private static ProblemException preconditionFailed(ServerResponse response, long version) {
    if (version > 0) {
      Answers.version(response, version);
    }
    return new ProblemException(Problem.preconditionFailed(version));
  }

  private static ProblemException invalid(String field, String rule) {
    return new ProblemException(Problem.invalidProduct(List.of(new Violation(field, rule))));
  }
}
