package dev.tidemark.devstack.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemark.devstack.client.ProductApi;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.jdbi.v3.core.JdbiException;
import redis.clients.jedis.exceptions.JedisException;

/// Traffic of shoppers and a few clerks: workers that read, change, delete and re-create products
/// over HTTP at a steady rate, and compare each answer with what was acknowledged before their
/// request. Beside each read and write they do the same through a naive cache.
///
/// Started and closed by one thread; its figures may be read by any.
final class Traffic implements AutoCloseable {
  private static final double ZIPF_EXPONENT = 0.99;
  private static final double WRITE_SHARE = 0.05;
  private static final double DELETE_SHARE_OF_WRITES = 0.06;
  private static final double MIN_VERSION_SHARE_OF_READS = 0.1;
  private static final int NOT_FOUND = 404;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ProductApi api;
  private final NaiveCache naive;
  private final List<DemoProduct> products;
  private final Zipf popularity;
  private final TrafficFigures figures;
  private final List<Thread> workers = new ArrayList<>();
  private volatile boolean stopped;

  Traffic(ProductApi api, NaiveCache naive, List<DemoProduct> products, TrafficFigures figures) {
    this.api = api;
    this.naive = naive;
    this.products = products;
    this.popularity = new Zipf(products.size(), ZIPF_EXPONENT);
    this.figures = figures;
  }

  /// @param requestsPerSecond of all workers together; 0 for as many as they can
  void start(int workerCount, int requestsPerSecond) {
    long pause = requestsPerSecond == 0 ? 0 : 1_000_000_000L * workerCount / requestsPerSecond;
    for (int worker = 0; worker < workerCount; worker++) {
      long first = System.nanoTime() + pause * worker / workerCount;
      workers.add(Thread.ofPlatform().name("traffic-" + worker).start(() -> work(first, pause)));
    }
  }

  /// Returns when the last request is answered.
  @Override
  public void close() {
    stopped = true;
    for (Thread worker : workers) {
      try {
        worker.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  private void work(long first, long pause) {
    RandomGenerator random = new SplittableRandom();
    long due = first;
    while (!stopped) {
      long early = due - System.nanoTime();
      if (early > 0) {
        LockSupport.parkNanos(early);
        continue;
      }
      // After a stall the missed requests are not repeated: this is a demo, no benchmark.
      due = Math.max(due + pause, System.nanoTime() - pause);
      DemoProduct product = products.get(popularity.next(random));
      try {
        if (random.nextDouble() < WRITE_SHARE && product.beginWrite()) {
          try {
            write(product, random);
          } finally {
            product.endWrite();
          }
        } else {
          read(product, random.nextDouble() < MIN_VERSION_SHARE_OF_READS);
          readNaively(product);
        }
      } catch (IOException | JedisException | JdbiException e) {
        figures.errors.increment();
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void read(DemoProduct product, boolean withMinVersion)
      throws IOException, InterruptedException {
    boolean quiet = !product.isBeingWritten();
    DemoProduct.Acknowledged before = product.acknowledged();
    boolean demanding = withMinVersion && before.version() > 0;
    long begin = System.nanoTime();
    ProductApi.ReadAnswer answer = api.read(product.id(), demanding ? before.version() : 0);
    figures.readTook(System.nanoTime() - begin);
    figures.reads.increment();
    if (answer.status() / 100 != 2 && answer.status() != NOT_FOUND) {
      figures.errors.increment();
      return;
    }
    if (answer.hit()) {
      figures.hits.increment();
    }
    quiet = quiet && !product.isBeingWritten() && product.acknowledged().equals(before);
    boolean older = isOlder(answer, before, quiet);
    if (answer.status() == NOT_FOUND) {
      figures.notFound.increment();
    }
    if (demanding) {
      figures.minVersionReads.increment();
    }
    if (older && demanding) {
      figures.minVersionBroken.increment();
    } else if (older) {
      figures.olderRead(begin - before.nanoTime());
    }
  }

  /// Returns whether an answer is older than the acknowledged state at the time of the request.
  /// "Not there" carries no version: it is judged only if nobody wrote meanwhile.
  static boolean isOlder(
      ProductApi.ReadAnswer answer, DemoProduct.Acknowledged before, boolean quiet) {
    if (answer.version().isPresent()) {
      return answer.version().getAsLong() < before.version();
    }
    return quiet && before.version() > 0 && !before.deleted();
  }

  private void readNaively(DemoProduct product) {
    long floor = product.naiveFloor();
    NaiveCache.Answer answer = naive.read(product.id());
    figures.naiveReads.increment();
    if (answer.hit()) {
      figures.naiveHits.increment();
    }
    if (answer.version().isPresent() && answer.version().getAsLong() < floor) {
      figures.naiveOlderReads.increment();
    }
  }

  private void write(DemoProduct product, RandomGenerator random)
      throws IOException, InterruptedException {
    boolean wasDeleted = product.acknowledged().deleted();
    boolean delete = !wasDeleted && random.nextDouble() < DELETE_SHARE_OF_WRITES;
    String body = delete ? "" : changed(product, random);
    long begin = System.nanoTime();
    ProductApi.WriteAnswer answer = delete ? api.delete(product.id()) : api.put(product.id(), body);
    figures.writeTook(System.nanoTime() - begin);
    if (answer.version().isEmpty()) {
      // A delete of a product that an unacknowledged delete removed before is no error.
      if (!delete || answer.status() != NOT_FOUND) {
        figures.errors.increment();
      }
      return;
    }
    (delete ? figures.deletes : wasDeleted ? figures.recreations : figures.updates).increment();
    long version = answer.version().getAsLong();
    product.acknowledge(version, delete);
    naive.evict(product.id());
    product.naivelyEvicted(version);
  }

  /// Returns the catalogue's product with another price and stock.
  private static String changed(DemoProduct product, RandomGenerator random) {
    try {
      ObjectNode json = (ObjectNode) JSON.readTree(product.catalogueLine());
      json.remove("id");
      json.put("price", BigDecimal.valueOf(random.nextLong(100, 500_000), 2));
      ((ObjectNode) json.get("attributes")).put("stock", random.nextInt(0, 500));
      return JSON.writeValueAsString(json);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot change " + product.id(), e);
    }
  }
}
