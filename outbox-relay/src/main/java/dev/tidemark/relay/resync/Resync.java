package dev.tidemark.relay.resync;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemark.relay.resync.PostgresProducts.AnotherRuns;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.sink.KafkaTopics;
import dev.tidemark.service.settings.InvalidSettings;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.KafkaException;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The command `resync`.
@Command(
    name = "resync",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Publishes the current state of all products, or of some, to their topic again:"
          + " same version, type product.updated (product.deleted for deleted products), header"
          + " tidemark-resync. Safe to run while the system runs, and to repeat.",
      "--from, --to, --prefix and --id choose products; a product must match all that"
          + " are given."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  resync --dry-run                        count the products",
      "  resync --rate 500/s                     all, at most 500 per second",
      "  resync --prefix shoe- --json            ids with the prefix shoe-; the result as JSON",
      "  resync --id kettle --id teapot          these two",
      "  resync --from kettle                    continue an interrupted run",
      "",
      "Settings come from the environment, as the relay's do (see relay --help)."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:done",
      "1:failed, or some products could not be sent",
      "2:wrong option or setting",
      "130:interrupted; the last line tells how to go on"
    })
public final class Resync implements Callable<Integer> {
  static final int INTERRUPTED = 130;

  /// Longest time for which PostgreSQL or Kafka may be away, or a product locked by another
  /// session.
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /// Longest wait for the current page, which ends in milliseconds where nothing is wrong.
  private static final Duration DRAIN = Duration.ofSeconds(5);

  private static final ObjectMapper json = new ObjectMapper();

  private final Map<String, String> environment;
  private final CountDownLatch told = new CountDownLatch(1);
  private final AtomicInteger exitCode = new AtomicInteger(INTERRUPTED);

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--all", description = "All products. The default.")
  private boolean all;

  @Option(names = "--from", paramLabel = "ID", description = "First id, inclusive, in byte order.")
  private @Nullable String from;

  @Option(names = "--to", paramLabel = "ID", description = "Last id, inclusive.")
  private @Nullable String to;

  @Option(names = "--prefix", paramLabel = "TEXT", description = "Only ids with this prefix.")
  private @Nullable String prefix;

  @Option(
      names = "--id",
      paramLabel = "ID",
      description = "Only the product with this id. Can be repeated.")
  private List<String> ids = List.of();

  @Option(
      names = "--rate",
      paramLabel = "N/s",
      converter = Rate.class,
      description = "Maximum rate in products per second. Default: no limit.")
  private @Nullable Integer perSecond;

  @Option(names = "--dry-run", description = "Count the products; send nothing.")
  private boolean dryRun;

  @Option(
      names = "--json",
      description = "Print the result as one line of JSON on standard output.")
  private boolean asJson;

  public Resync(Map<String, String> environment) {
    this.environment = environment;
  }

  /// Converter of a rate: `500` and `500/s` mean the same.
  static final class Rate implements CommandLine.ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
      if (!text.matches("0*[1-9]\\d{0,8}(/s)?")) {
        throw new CommandLine.TypeConversionException(
            "'%s' is no rate like 500/s, from 1/s to 999999999/s".formatted(text));
      }
      return Integer.parseInt(text.endsWith("/s") ? text.substring(0, text.length() - 2) : text);
    }
  }

  @Override
  public Integer call() {
    var range =
        new ProductRange(
            Optional.ofNullable(from), Optional.ofNullable(to), Optional.ofNullable(prefix), ids);
    if (all && !range.equals(ProductRange.ALL)) {
      throw new ParameterException(
          spec.commandLine(), "--all excludes --from, --to, --prefix and --id");
    }
    Configuration configuration;
    try {
      configuration = Configuration.from(environment);
    } catch (InvalidSettings e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
    int code;
    try {
      code = dryRun ? count(configuration, range) : send(configuration, range);
    } catch (ResyncRun.Failed | JdbiException | KafkaException | AnotherRuns e) {
      code = CommandLine.ExitCode.SOFTWARE;
      err().println("resync failed: " + e.getMessage());
      if (asJson) {
        tell("", Map.of("error", "resync failed: " + e.getMessage(), "exitCode", code));
      }
    }
    exitCode.set(code);
    told.countDown();
    return code;
  }

  private int count(Configuration configuration, ProductRange range) {
    try (var products = products(configuration)) {
      long count = products.count(range);
      tell(
          "%,d products would be sent".formatted(count),
          new TreeMap<>(Map.of("dryRun", true, "products", count)));
      return codeOf(unknown(products));
    }
  }

  private int send(Configuration configuration, ProductRange range) {
    long total;
    List<String> unknown;
    try (var products = products(configuration)) {
      total = products.count(range);
      unknown = unknown(products);
    }
    new KafkaTopics(configuration).ensureEvents(configuration.productTopic());
    var name = UUID.randomUUID().toString();
    var run =
        new ResyncRun(
            range,
            Optional.ofNullable(perSecond),
            PATIENCE,
            () -> session(configuration, name),
            line -> err().println(line));
    var drain = new Thread(() -> drain(run, range), "drain");
    Runtime.getRuntime().addShutdownHook(drain);
    long begin = System.nanoTime();
    boolean whole;
    try (var _ =
        ResyncProgress.start(
            isTerminal(), total, () -> run.sent() + run.overtaken(), err()::println)) {
      whole = run.run();
    } catch (RuntimeException e) {
      err().println("what is done is done; go on with: " + resumption(run, range));
      throw e;
    } finally {
      forget(drain);
    }
    tell(run, name, (System.nanoTime() - begin) / 1e9, whole);
    if (!whole) {
      err().println("interrupted; go on with: " + resumption(run, range));
      return INTERRUPTED;
    }
    return run.tooLarge() > 0 ? CommandLine.ExitCode.SOFTWARE : codeOf(unknown);
  }

  private void tell(ResyncRun run, String name, double seconds, boolean whole) {
    var result = new TreeMap<String, Object>();
    result.put("run", name);
    result.put("sent", run.sent());
    result.put("overtaken", run.overtaken());
    result.put("tooLarge", run.tooLarge());
    run.lastId().ifPresent(id -> result.put("lastId", id));
    result.put("seconds", Math.round(seconds * 1e3) / 1e3);
    result.put("interrupted", !whole);
    tell(
        "sent %,d products in %.1f s (%,.0f/s)%s%s"
            .formatted(
                run.sent(),
                seconds,
                run.sent() / seconds,
                run.overtaken() == 0
                    ? ""
                    : ", left out %,d whose newer event came in between".formatted(run.overtaken()),
                run.tooLarge() == 0
                    ? ""
                    : ", left out %,d that no record can hold".formatted(run.tooLarge())),
        result);
  }

  private void tell(String text, Map<String, ?> result) {
    try {
      spec.commandLine().getOut().println(asJson ? json.writeValueAsString(result) : text);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the result could not be written as JSON: " + result, e);
    }
  }

  private List<String> unknown(Products products) {
    var unknown = ids.isEmpty() ? List.<String>of() : products.unknown(ids);
    unknown.forEach(id -> err().println("there is no product " + id));
    return unknown;
  }

  private static int codeOf(List<String> unknown) {
    return unknown.isEmpty() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private String resumption(ResyncRun run, ProductRange range) {
    return "resync %s%s"
        .formatted(
            run.lastId().map(range::startingAt).orElse(range),
            perSecond == null ? "" : " --rate %d/s".formatted(perSecond));
  }

  /// Waits for the current page after a signal. If that takes too long, Kafka aborts its
  /// transaction.
  private void drain(ResyncRun run, ProductRange range) {
    run.stop();
    try {
      if (!told.await(DRAIN.toMillis(), TimeUnit.MILLISECONDS)) {
        err().println("interrupted; go on with: " + resumption(run, range));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // After a signal the JVM would end with the signal's number.
    Runtime.getRuntime().halt(exitCode.get());
  }

  private static void forget(Thread drain) {
    try {
      Runtime.getRuntime().removeShutdownHook(drain);
    } catch (IllegalStateException isUnderWay) {
      // It waits for what this thread tells.
    }
  }

  private static ResyncRun.Session session(Configuration configuration, String run) {
    var products = products(configuration);
    try {
      products.claim();
      return new ResyncRun.Session(products, ResyncSink.open(configuration, products.owner(), run));
    } catch (RuntimeException e) {
      products.close();
      throw e;
    }
  }

  private static PostgresProducts products(Configuration configuration) {
    return PostgresProducts.open(configuration.database().dataSource("tidemark-resync"));
  }

  @SuppressWarnings(
      "SystemConsoleNull") // Whether it can be absent depends on the JDK's console module.
  private static boolean isTerminal() {
    var console = System.console();
    return console != null && console.isTerminal();
  }

  private PrintWriter err() {
    return spec.commandLine().getErr();
  }
}
