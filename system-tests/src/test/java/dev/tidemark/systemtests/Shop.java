package dev.tidemark.systemtests;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A client of the product API, like a shop. Remembers the highest version that was acknowledged
/// for each product.
final class Shop {
  private static final Logger log = LoggerFactory.getLogger(Shop.class);
  private final Function<String, URI> api;
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();
  private final ConcurrentMap<String, Long> acknowledged = new ConcurrentHashMap<>();

  Shop(StackProcess stack) {
    this(stack::api);
  }

  /// @param api answers a path's address
  Shop(Function<String, URI> api) {
    this.api = api;
  }

  static String json(String name, String price) {
    return """
        {"name":"%s","description":"","price":%s,"currency":"EUR","attributes":{}}"""
        .formatted(name, price);
  }

  HttpResponse<String> put(String id, String json) throws IOException, InterruptedException {
    return noted(
        id,
        send(
            request("/products/" + id)
                .header("Content-Type", "application/json")
                .PUT(BodyPublishers.ofString(json))));
  }

  HttpResponse<String> delete(String id) throws IOException, InterruptedException {
    return noted(id, send(request("/products/" + id).DELETE()));
  }

  HttpResponse<String> get(String id, String... headers) throws IOException, InterruptedException {
    var request = request("/products/" + id).GET();
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    return send(request);
  }

  HttpResponse<String> importLines(byte[] lines, String encoding)
      throws IOException, InterruptedException {
    return http.send(
        request("/products/import")
            .timeout(Duration.ofMinutes(3))
            .header("Content-Type", "application/x-ndjson")
            .header("Content-Encoding", encoding)
            .POST(BodyPublishers.ofByteArray(lines))
            .build(),
        BodyHandlers.ofString());
  }

  /// Works at random until it is closed: mostly reads, some changes, a few deletes and
  /// re-creations. Prints its seed.
  RandomWork randomWork(int products) {
    return new RandomWork(new Random().nextLong(), products);
  }

  final class RandomWork implements AutoCloseable {
    private static final int WORKERS = 8;

    private final AtomicLong steps = new AtomicLong();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final List<Thread> workers;

    private RandomWork(long seed, int products) {
      log.info("random work with seed {}", seed);
      workers =
          IntStream.range(0, WORKERS)
              .mapToObj(n -> Thread.startVirtualThread(() -> work(new Random(seed + n), products)))
              .toList();
    }

    long steps() {
      return steps.get();
    }

    @Override
    public void close() {
      stopped.set(true);
      for (var worker : workers) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          throw new IllegalStateException("interrupted while the random work ends", e);
        }
      }
    }

    private void work(Random random, int products) {
      while (!stopped.get()) {
        try {
          step(random, "random-" + random.nextInt(products));
          steps.incrementAndGet();
        } catch (IOException serverIsAway) {
          // This is part of the work: acknowledged writes count, and the others may or may not have
          // happened.
        } catch (InterruptedException e) {
          return;
        }
      }
    }

    private void step(Random random, String id) throws IOException, InterruptedException {
      switch (random.nextInt(10)) {
        case 0, 1, 2 -> put(id, json("Random", random.nextInt(100_000) + ".5"));
        case 3 -> delete(id);
        default -> get(id);
      }
    }
  }

  /// Returns the highest version of each product that a writer received.
  Map<String, Long> acknowledged() {
    return Map.copyOf(acknowledged);
  }

  static long version(HttpResponse<?> response) {
    return response
        .headers()
        .firstValue("ETag")
        .map(tag -> Long.parseLong(tag.replace("\"", "")))
        .orElse(0L);
  }

  private HttpResponse<String> noted(String id, HttpResponse<String> response) {
    if (response.statusCode() < 300) {
      acknowledged.merge(id, version(response), Math::max);
    }
    return response;
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(api.apply(path)).timeout(Duration.ofSeconds(10));
  }

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return http.send(request.build(), BodyHandlers.ofString());
  }
}
