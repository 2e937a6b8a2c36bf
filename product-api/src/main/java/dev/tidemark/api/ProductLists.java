package dev.tidemark.api;

import dev.tidemark.cache.CacheKey;
import dev.tidemark.cache.CachedValue;
import dev.tidemark.cache.Read;
import dev.tidemark.cache.ReadOption;
import dev.tidemark.cache.VersionedCache;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Answers `GET /products`: products by their ids through the cache, or a page of all products from
/// the database. Thread-safe.
final class ProductLists {

  private static final int MOST_IDS = 100;
  private static final int DEFAULT_PAGE = 100;
  private static final int LARGEST_PAGE = 1000;

  private static final Pattern COMMA = Pattern.compile(",");

  private final ProductStore store;
  private final VersionedCache cache;

  ProductLists(ProductStore store, VersionedCache cache) {
    this.store = store;
    this.cache = cache;
  }

  void handle(ServerRequest request, ServerResponse response) {
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

  /// `?ids=`
  private void byIds(ServerRequest request, ServerResponse response) {
    List<String> ids =
        COMMA.splitAsStream(request.query().get("ids")).distinct().limit(MOST_IDS + 1L).toList();
    if (ids.isEmpty() || ids.size() > MOST_IDS || !ids.stream().allMatch(Product::isId)) {
      throw malformed(
          "ids must be 1 to %d ids of products, with commas between.".formatted(MOST_IDS));
    }
    ReadOption option = RequestHeaders.readOption(request.headers());
    if (option instanceof ReadOption.AtLeast) {
      throw malformed("Min-Version is for one product.");
    }
    Map<String, String> idOfKey = new LinkedHashMap<>();
    ids.forEach(id -> idOfKey.put(CacheKey.of(CachedProduct.TYPE, id), id));
    Map<String, Read> reads = cache.readAll(idOfKey.keySet(), option, keys -> find(keys, idOfKey));

    List<byte[]> products = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    reads.forEach(
        (key, read) -> {
          switch (read.value()) {
            case CachedValue.Present(long _, byte[] json) -> products.add(json);
            case CachedValue.Absent _ -> missing.add(idOfKey.get(key));
          }
        });
    ByteArrayOutputStream body = products(products);
    body.writeBytes(
        missing.stream()
            // An id needs no escape.
            .map(id -> '"' + id + '"')
            .collect(Collectors.joining(",", ",\"missing\":[", "]}"))
            .getBytes(StandardCharsets.US_ASCII));
    response.header(CacheStatus.of(reads.values()));
    send(request, response, body);
  }

  private Map<String, CachedValue> find(Set<String> keys, Map<String, String> idOfKey) {
    Map<String, CachedValue> found = store.findAll(keys.stream().map(idOfKey::get).toList());
    return keys.stream()
        .filter(key -> found.containsKey(idOfKey.get(key)))
        .collect(Collectors.toMap(key -> key, key -> found.get(idOfKey.get(key))));
  }

  /// `?after=&limit=`
  private void page(ServerRequest request, ServerResponse response) {
    UriQuery query = request.query();
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
    ByteArrayOutputStream body = products(shown.stream().map(ProductStore.Entry::json).toList());
    body.write('}');
    send(request, response, body);
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

  /// The object up to the end of its first member.
  private static ByteArrayOutputStream products(List<byte[]> products) {
    ByteArrayOutputStream list = new ByteArrayOutputStream();
    list.writeBytes("{\"products\":[".getBytes(StandardCharsets.US_ASCII));
    for (int i = 0; i < products.size(); i++) {
      if (i > 0) {
        list.write(',');
      }
      list.writeBytes(products.get(i));
    }
    list.write(']');
    return list;
  }

  private static void send(
      ServerRequest request, ServerResponse response, ByteArrayOutputStream body) {
    response.header(Answers.REVALIDATE).header(Answers.JSON);
    Answers.sendCompressible(request, response, body.toByteArray());
  }

  private static ProblemException malformed(String detail) {
    return new ProblemException(Problem.malformedRequest(detail));
  }
}
