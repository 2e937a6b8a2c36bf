package dev.tidemark.devstack.demo;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.tidemark.devstack.client.ApiAddress;
import dev.tidemark.devstack.client.ProductApi;
import dev.tidemark.devstack.screen.Screen;
import dev.tidemark.devstack.screen.Ticker;
import dev.tidemark.devstack.screen.TimeSpan;
import dev.tidemark.devstack.stack.RunningStack;
import dev.tidemark.devstack.stack.Stack;
import dev.tidemark.devstack.stack.StackEnv;
import dev.tidemark.devstack.stack.StackException;
import dev.tidemark.devstack.stack.StackOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import redis.clients.jedis.RedisClient;

/// The command `demo`.
@Command(
    name = "demo",
    description = {
      "Brings the system up as `up` does, loads a sample catalogue, and lets workers read and write"
          + " it, beside a naive cache for comparison. At the end every key is checked: cache"
          + " against database, topic against outbox.",
      "Exit code 0 only when nothing was lost and nothing is stale."
    })
public final class Demo implements Callable<Integer> {
  private static final Duration TERMINAL_REFRESH = Duration.ofSeconds(1);
  private static final Duration CATALOGUE_PATIENCE = Duration.ofSeconds(10);
  private static final Duration CATALOGUE_POLL = Duration.ofMillis(100);
  private static final Duration LAG_PATIENCE = Duration.ofSeconds(30);
  private static final Duration PLAIN_REFRESH = Duration.ofSeconds(5);

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      converter = TimeSpan.class,
      description = "How long the traffic lasts, like 30s or 5m; without it, until Ctrl-C.")
  private @Nullable Duration duration;

  @Option(
      names = "--rate",
      paramLabel = "N/s",
      converter = Rate.class,
      defaultValue = "1000/s",
      description = "Requests per second, 0 for as many as possible (${DEFAULT-VALUE}).")
  private int rate;

  @Option(
      names = "--workers",
      paramLabel = "N",
      defaultValue = "8",
      description = "Clients at the same time (${DEFAULT-VALUE}).")
  private int workers;

  @Mixin private StackOptions options = new StackOptions();

  private final Map<String, String> environment;

  public Demo(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws InterruptedException {
    if (workers < 1) {
      throw new StackException("--workers must be at least 1");
    }
    CountDownLatch stop = new CountDownLatch(1);
    AtomicBoolean good = new AtomicBoolean(true);
    Screen screen = Screen.ofThisProcess();
    RunningStack.use(
        options, environment, screen, stop, stack -> good.set(run(stack, screen, stop)));
    return good.get() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private boolean run(Stack stack, Screen screen, CountDownLatch stop) throws InterruptedException {
    StackEnv env = stack.env();
    URI invalidator = URI.create(env.require("INVALIDATOR_ADMIN_URL"));
    List<DemoProduct> products = SampleCatalogue.products();
    TrafficFigures figures = new TrafficFigures();
    try (HikariDataSource pool = pool(env.require("DATABASE_URL"));
        HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        RedisClient redis = RedisClient.create(env.require("REDIS_URL"))) {
      Jdbi database = Jdbi.create(pool);
      ProductApi api =
          new ProductApi(
              http,
              new ApiAddress(URI.create(env.require("API_URL")), ApiAddress.token(environment)));
      EvictionTimes empty = EvictionTimes.ask(http, invalidator);
      long changed = load(api, screen, products.size());
      awaitEvents(http, invalidator, empty, changed, stop);
      WriteCheck.acknowledgeAll(database, products);
      NaiveCache naive = new NaiveCache(redis, database);
      products.forEach(product -> naive.evict(product.id()));
      EvictionTimes before = EvictionTimes.ask(http, invalidator);

      long begin = System.nanoTime();
      try (Traffic traffic = new Traffic(api, naive, products, figures)) {
        traffic.start(workers, rate);
        LiveLine live = new LiveLine(screen, figures, () -> evictions(http, invalidator, before));
        try (ExecutorService _ =
            Ticker.every(screen.isTerminal() ? TERMINAL_REFRESH : PLAIN_REFRESH, live::show)) {
          awaitEnd(stop);
        }
      }
      double seconds = (System.nanoTime() - begin) / 1e9;
      screen.endLive();
      screen.line("traffic stopped; checking every key");
      TopicCheck.Result topic =
          TopicCheck.run(
              database,
              env.require("KAFKA_BOOTSTRAP_SERVERS"),
              env.require(Stack.PRODUCT_TOPIC).split(",", 2)[0],
              LAG_PATIENCE);
      CacheCheck.Result cache = CacheCheck.run(database, redis);
      WriteCheck.Result writes = WriteCheck.run(database, api, products);
      DemoReport report =
          new DemoReport(
              seconds, figures, evictions(http, invalidator, before), topic, cache, writes);
      report.lines().forEach(screen::line);
      return report.isGood();
    }
  }

  /// @return how many products were changed
  private static long load(ProductApi api, Screen screen, int size) throws InterruptedException {
    try (InputStream catalogue = SampleCatalogue.open()) {
      ProductApi.ImportAnswer answer = api.importLines(catalogue);
      if (answer.problem().isPresent() || answer.failed() > 0) {
        throw new StackException(
            "the sample catalogue was not stored: %s %s"
                .formatted(answer.problem().orElse(""), answer.failures()));
      }
      screen.line(
          "sample catalogue: %,d products, %,d of them new or changed"
              .formatted(size, answer.created() + answer.updated()));
      return answer.created() + answer.updated();
    } catch (IOException e) {
      throw new StackException("the sample catalogue was not stored: " + e, e);
    }
  }

  /// Waits for the events of the catalogue. They all come at once into programs that have just
  /// started, and say nothing about those of the traffic, so they go first.
  private static void awaitEvents(
      HttpClient http, URI invalidator, EvictionTimes before, long count, CountDownLatch stop)
      throws InterruptedException {
    long deadline = System.nanoTime() + CATALOGUE_PATIENCE.toNanos();
    while (EvictionTimes.ask(http, invalidator).since(before).count() < count
        && System.nanoTime() - deadline < 0
        && !stop.await(CATALOGUE_POLL.toMillis(), TimeUnit.MILLISECONDS)) {}
  }

  private static EvictionTimes evictions(HttpClient http, URI invalidator, EvictionTimes before) {
    try {
      return EvictionTimes.ask(http, invalidator).since(before);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return EvictionTimes.NONE;
    }
  }

  private void awaitEnd(CountDownLatch stop) throws InterruptedException {
    if (duration == null) {
      stop.await();
    } else if (stop.await(duration.toNanos(), TimeUnit.NANOSECONDS)) {
      return;
    }
  }

  private HikariDataSource pool(String url) {
    URI uri = URI.create(url);
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(
        "jdbc:postgresql://%s:%d%s".formatted(uri.getHost(), uri.getPort(), uri.getPath()));
    config.setUsername(uri.getUserInfo());
    config.setMaximumPoolSize(workers + 1);
    config.setPoolName("demo");
    return new HikariDataSource(config);
  }
}
