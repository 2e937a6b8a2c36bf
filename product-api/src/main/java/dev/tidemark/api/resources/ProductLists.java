package dev.tidemark.api.resources;

import dev.tidemark.api.http.CacheStatus;
import dev.tidemark.api.http.RequestHeaders;
import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import dev.tidemark.api.product.CachedProduct;
import dev.tidemark.api.product.Product;
import dev.tidemark.api.store.ProductStore;
import dev.tidemark.cache.Read;
import dev.tidemark.cache.Read.Served;
import dev.tidemark.cache.ReadOption;
import dev.tidemark.cache.VersionedCache;
import dev.tidemark.cache.store.CacheKey;
import dev.tidemark.cache.store.CachedValue;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Answers `GET /products` with products by their ids through the cache, or with a page of all
/// products from the database. Thread-safe.
public final class ProductLists {

  private static final int MOST_IDS = 100;
  private static final int DEFAULT_PAGE = 100;
  private static final int LARGEST_PAGE = 1000;

  /// Limit of the JSON in a page. A product that is larger has a page of its own.
  private static final long PAGE_BYTES = 4 * 1024 * 1024;

  private static final byte[] END = {']', '}'};

  /// Pattern of the limit, in ASCII digits only.
  private static final Pattern LIMIT = Pattern.compile("[1-9][0-9]{0,3}");

  private final ProductStore store;
  private final VersionedCache cache;
  private final ReadAtOnce atOnce = new ReadAtOnce(MOST_IDS);

  public ProductLists(ProductStore store, VersionedCache cache) {
    this.store = store;
    this.cache = cache;
  }

  public void handle(ServerRequest request, ServerResponse response) {
    UriQuery query = request.query();
    Set<String> names = query.names();
    for (String name : names) {
      if (query.all(name).size() > 1) {
        throw malformed("A parameter may be given once only.");
      }
    }
    if (names.equals(Set.of("ids"))) {
      byIds(request, response);
    } else if (Set.of("after", "limit").containsAll(names)) {
      page(request, response);
    } else {
      throw malformed("The parameters are ids, or after and limit.");
    }
  }

  /// Answers `?ids=`.
  private void byIds(ServerRequest request, ServerResponse response) {
    List<String> ids =
        Arrays.stream(request.query().get("ids").split(",", -1))
            .distinct()
            .limit(MOST_IDS + 1L)
            .toList();
    if (ids.isEmpty() || ids.size() > MOST_IDS || !ids.stream().allMatch(Product::isId)) {
      throw malformed(
          "ids must be 1 to %d ids of products, with commas between.".formatted(MOST_IDS));
    }
    ReadOption option = RequestHeaders.readOption(request.headers());
    if (option instanceof ReadOption.AtLeast) {
      throw malformed("Min-Version is for one product.");
    }
    List<Served> served = new ArrayList<>();
    ListAnswer answer =
        new ListAnswer(
            request, response, () -> response.header(CacheStatus.of(served, ids.size())));
    List<String> missing = new ArrayList<>();
    for (int done = 0; done < ids.size(); ) {
      int end = Math.min(ids.size(), done + atOnce.count());
      Map<String, String> idOfKey = new LinkedHashMap<>();
      ids.subList(done, end).forEach(id -> idOfKey.put(CacheKey.of(CachedProduct.TYPE, id), id));
      Map<String, Read> some = cache.readAll(idOfKey.keySet(), option, keys -> find(keys, idOfKey));
      int largest = 0;
      for (Map.Entry<String, Read> read : some.entrySet()) {
        served.add(read.getValue().served());
        switch (read.getValue().value()) {
          case CachedValue.Present(long _, byte[] json) -> {
            largest = Math.max(largest, json.length);
            answer.add(json);
          }
          case CachedValue.Absent _ -> missing.add(idOfKey.get(read.getKey()));
        }
      }
      atOnce.seen(largest);
      done = end;
    }
    answer.end(
        missing.stream()
            // An id needs no escape.
            .map(id -> '"' + id + '"')
            .collect(Collectors.joining(",", "],\"missing\":[", "]}"))
            .getBytes(StandardCharsets.US_ASCII));
  }

  private Map<String, CachedValue> find(Set<String> keys, Map<String, String> idOfKey) {
    Map<String, CachedValue> found = store.findAll(keys.stream().map(idOfKey::get).toList());
    return keys.stream()
        .filter(key -> found.containsKey(idOfKey.get(key)))
        .collect(Collectors.toMap(key -> key, key -> found.get(idOfKey.get(key))));
  }

  /// Answers `?after=&limit=`.
  private void page(ServerRequest request, ServerResponse response) {
    UriQuery query = request.query();
    String after = query.first("after").orElse("");
    if (!after.isEmpty() && !Product.isId(after)) {
      throw malformed("after must be the id of a product.");
    }
    int limit = limit(query.first("limit").orElse(Integer.toString(DEFAULT_PAGE)));
    ProductStore.Page page = store.page(after, limit, PAGE_BYTES);
    if (page.more()) {
      response.header(
          HeaderNames.LINK,
          "</products?after=%s&limit=%d>; rel=\"next\""
              .formatted(page.entries().getLast().id(), limit));
    }
    ListAnswer answer = new ListAnswer(request, response, () -> {});
    page.entries().forEach(entry -> answer.add(entry.json()));
    answer.end(END);
  }

  private static int limit(String text) {
    if (LIMIT.matcher(text).matches() && Integer.parseInt(text) <= LARGEST_PAGE) {
      return Integer.parseInt(text);
    }
    throw malformed("limit must be a number from 1 to " + LARGEST_PAGE + ".");
  }

  private static ProblemException malformed(String detail) {
    return new ProblemException(Problem.malformedRequest(detail));
  }
}
