package dev.tidemark.devstack.stack;

import dev.tidemark.devstack.screen.Screen;
import dev.tidemark.embedded.ChildProcess;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.Patience;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.RedisServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The running system: three servers, the migration, three services, and a keeper for each process.
///
/// Parts start as soon as what they need is there, against the flow of data, and stop with it:
/// first the API, so that nothing new comes in, then the relay and the invalidator, then the
/// servers.
///
/// Thread-safe: [#giveUpStarting] and [#hurry] may come from any thread, also while [#start] runs.
public final class Stack implements AutoCloseable {
  public static final String PRODUCT_TOPIC = "KAFKA_PRODUCT_TOPIC";

  /// Settings of the services that the stack leaves to this shell.
  private static final Pattern OWN_SETTINGS = Pattern.compile("TIDEMARK_|CACHE_|API_TOKEN|RELAY_");

  private static final Duration MIGRATE_PATIENCE = Duration.ofSeconds(90);
  private static final Duration MIGRATE_POLL = Duration.ofMillis(100);
  static final Duration STOP_GRACE = Duration.ofSeconds(15);

  private final DataFolder folder;
  private final Screen screen;
  private final StackPorts.Chosen ports;
  private final Programs programs;
  private final SequencedSet<String> topics;
  private final Set<String> withheld;
  private final boolean hasOwnSettings;

  private final Server postgres;
  private final Server kafka;
  private final Server redis;
  private final Service api;
  private final Service relay;
  private final Service invalidator;

  /// Parts, in the order in which they stop.
  private final List<Part> parts;

  private final List<Keeper> keepers = new ArrayList<>();
  private final ExecutorService starters = Executors.newVirtualThreadPerTaskExecutor();

  /// Future that the first part that fails to start completes: the others need not come first.
  private final CompletableFuture<Void> fault = new CompletableFuture<>();

  private final CountDownLatch stopping = new CountDownLatch(1);

  /// @param topics that the relay fills and the invalidator follows, that of products first
  /// @param environment names of this shell's variables
  Stack(
      Programs programs,
      DataFolder folder,
      StackPorts.Chosen ports,
      SequencedSet<String> topics,
      Set<String> environment,
      HttpClient http,
      Screen screen) {
    this.topics = topics;
    this.hasOwnSettings =
        topics.size() > 1
            || environment.contains(PRODUCT_TOPIC)
            || environment.stream()
                .anyMatch(
                    name -> OWN_SETTINGS.matcher(name).lookingAt() && !isAboutOtherServers(name));
    this.programs = programs;
    this.folder = folder;
    this.ports = ports;
    this.screen = screen;
    this.withheld =
        environment.stream().filter(Stack::isAboutOtherServers).collect(Collectors.toSet());
    this.postgres =
        new Server(
            "PostgreSQL",
            ports.postgres(),
            folder.log("postgresql"),
            () ->
                PostgresServer.start(
                    folder.data("postgresql"), folder.log("postgresql"), ports.postgres()));
    this.kafka =
        new Server(
            "Kafka",
            ports.kafka(),
            folder.log("kafka"),
            () -> KafkaServer.start(folder.data("kafka"), folder.log("kafka"), ports.kafka()));
    this.redis =
        new Server(
            "Redis",
            ports.redis(),
            folder.log("redis"),
            () ->
                RedisServer.start(
                    folder.data("redis"),
                    folder.log("redis"),
                    ports.redis(),
                    "--appendonly",
                    "yes"));
    Health health = new Health(http);
    this.api =
        service(
            "product-api",
            apiUrl(),
            ports.apiAdmin(),
            health,
            Map.of(
                "DATABASE_URL",
                databaseUrl("tidemark_api"),
                "REDIS_URL",
                redisUrl(),
                "TIDEMARK_API_PORT",
                Integer.toString(ports.api()),
                "TIDEMARK_API_ADMIN_PORT",
                Integer.toString(ports.apiAdmin())));
    this.relay =
        service(
            "outbox-relay",
            admin(ports.relayAdmin()),
            ports.relayAdmin(),
            health,
            Map.of(
                "DATABASE_URL",
                databaseUrl("tidemark_relay"),
                "TIDEMARK_RELAY_ADMIN_PORT",
                Integer.toString(ports.relayAdmin())));
    this.invalidator =
        service(
            "invalidator",
            admin(ports.invalidatorAdmin()),
            ports.invalidatorAdmin(),
            health,
            Map.of(
                // The invalidator's audit asks there about suspects.
                "DATABASE_URL",
                databaseUrl("tidemark_audit"),
                "REDIS_URL",
                redisUrl(),
                "TIDEMARK_INVALIDATOR_ADMIN_PORT",
                Integer.toString(ports.invalidatorAdmin())));
    this.parts = List.of(api, relay, invalidator, redis, kafka, postgres);
  }

  /// Returns when every part is ready, or when [#close] was called meanwhile.
  ///
  /// @throws StackException when a part does not start; nothing is left running after [#close]
  void start() {
    checkSettings();
    CompletableFuture<Void> database = started(postgres);
    CompletableFuture<Void> broker = started(kafka);
    CompletableFuture<Void> cache = started(redis);
    CompletableFuture<Void> migrated = database.thenRunAsync(() -> orFail(this::migrate), starters);
    CompletableFuture<Void> all =
        CompletableFuture.allOf(
            after(invalidator, broker, cache),
            after(relay, migrated, broker),
            after(api, migrated, cache));
    CompletableFuture<Void> stopped = CompletableFuture.runAsync(this::awaitStopping, starters);
    CompletableFuture<Object> end = CompletableFuture.anyOf(all, stopped, fault);
    try {
      end.join();
    } catch (CompletionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new StackException(String.valueOf(cause.getMessage()), cause);
    }
  }

  /// Asks the services for faults in their settings, if this shell sets any: an answer takes a
  /// JVM's start.
  ///
  /// @throws StackException naming all that is wrong
  private void checkSettings() {
    if (!hasOwnSettings) {
      return;
    }
    List<CompletableFuture<Optional<String>>> answers =
        Stream.of(api, relay, invalidator)
            .map(service -> CompletableFuture.supplyAsync(service::faultOfSettings, starters))
            .toList();
    List<String> faults =
        answers.stream().map(CompletableFuture::join).flatMap(Optional::stream).distinct().toList();
    if (!faults.isEmpty()) {
      throw new StackException(String.join(System.lineSeparator(), faults));
    }
  }

  URI apiUrl() {
    return URI.create("http://127.0.0.1:" + ports.api());
  }

  /// Returns the content of `stack.env`, whether or not it is written yet.
  public StackEnv env() {
    Map<String, String> variables = new LinkedHashMap<>();
    variables.put("API_URL", apiUrl().toString());
    variables.put("DATABASE_URL", databaseUrl("postgres"));
    variables.put("KAFKA_BOOTSTRAP_SERVERS", kafka.address());
    variables.put(PRODUCT_TOPIC, topicList());
    variables.put("REDIS_URL", redisUrl());
    for (Service service : List.of(api, relay, invalidator)) {
      variables.put(service.variable() + "_ADMIN_URL", service.adminUrl().toString());
    }
    for (Part part : List.of(postgres, kafka, redis, api, relay, invalidator)) {
      if (part.wasLaunched()) {
        variables.put(part.variable() + "_PID", Long.toString(part.pid()));
      }
    }
    return new StackEnv(variables);
  }

  /// Makes [#start] return soon.
  void giveUpStarting() {
    stopping.countDown();
  }

  /// Stops every part in order; returns when nothing is left.
  @Override
  public void close() {
    stopping.countDown();
    starters.shutdownNow();
    starters.close();
    List<Keeper> released;
    synchronized (keepers) {
      released = List.copyOf(keepers);
    }
    released.forEach(Keeper::release);
    for (Part part : parts) {
      if (part.wasLaunched()) {
        part.stop(STOP_GRACE);
      }
    }
    try {
      Files.deleteIfExists(folder.stackEnv());
    } catch (IOException e) {
      screen.line("cannot remove %s: %s".formatted(folder.stackEnv(), e));
    }
  }

  /// Kills what [#close] is still waiting for.
  void hurry() {
    parts.stream().filter(Part::wasLaunched).forEach(Part::kill);
  }

  private CompletableFuture<Void> after(Part part, CompletableFuture<?>... needed) {
    return CompletableFuture.allOf(needed).thenRunAsync(() -> orFail(() -> start(part)), starters);
  }

  private CompletableFuture<Void> started(Part part) {
    return CompletableFuture.runAsync(() -> orFail(() -> start(part)), starters);
  }

  private void orFail(Runnable step) {
    try {
      step.run();
    } catch (RuntimeException e) {
      fault.completeExceptionally(e);
      throw e;
    }
  }

  private void start(Part part) {
    long begin = System.nanoTime();
    try {
      new FirstStart(screen, this::writeEnv, stopping).of(part);
    } catch (InterruptedException e) {
      // Everything stops.
      Thread.currentThread().interrupt();
    }
    if (stopping.getCount() == 0) {
      return;
    }
    screen.line(
        "  %-14s %-28s %4.1f s"
            .formatted(part.name(), part.address(), (System.nanoTime() - begin) / 1e9));
    Keeper keeper = new Keeper(part, screen, this::writeEnv);
    synchronized (keepers) {
      keepers.add(keeper);
    }
    keeper.start();
  }

  private void migrate() {
    long begin = System.nanoTime();
    ChildProcess migration =
        ChildProcess.start(
            new ChildProcess.Program(
                "migrate",
                programs.command("db", List.of("-Xmx128m")),
                Map.of("DATABASE_URL", databaseUrl("postgres")),
                withheld,
                folder.log("migrate"),
                ChildProcess.StopSignal.TERM));
    try (migration) {
      Patience patience = new Patience(MIGRATE_PATIENCE);
      while (!migration.awaitExit(MIGRATE_POLL)) {
        if (patience.isOver()) {
          throw new StackException(
              "migrate has not ended after %d s: %s. See %s"
                  .formatted(
                      patience.limit().toSeconds(), migration.lastError(), folder.log("migrate")));
        }
        if (Thread.currentThread().isInterrupted()) {
          return;
        }
      }
      if (migration.exit().join() != 0) {
        throw new StackException(
            "migrate ended with exit code %d: %s. See %s"
                .formatted(migration.exit().join(), migration.lastError(), folder.log("migrate")));
      }
    }
    screen.line(
        "  %-14s %-28s %4.1f s".formatted("migrate", "done", (System.nanoTime() - begin) / 1e9));
  }

  private synchronized void writeEnv() {
    env().write(folder.stackEnv());
  }

  private void awaitStopping() {
    try {
      stopping.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Service service(
      String name, URI address, int adminPort, Health health, Map<String, String> own) {
    // The API uses Kafka for its near cache, when TIDEMARK_API_NEAR_CACHE_ENTRIES turns that on.
    Map<String, String> environment = new HashMap<>(own);
    environment.put("KAFKA_BOOTSTRAP_SERVERS", kafka.address());
    environment.put(PRODUCT_TOPIC, topicList());
    return new Service(
        name,
        address.toString(),
        admin(adminPort),
        programs.command(name, List.of("-Xmx320m")),
        environment,
        withheld,
        folder.log(name),
        health);
  }

  /// Returns whether a setting of this shell belongs to other servers than the embedded ones. The
  /// topics have been passed to the stack.
  static boolean isAboutOtherServers(String variable) {
    return variable.startsWith("DATABASE_")
        || variable.startsWith("KAFKA_")
        || variable.startsWith("REDIS_")
        || variable.startsWith("TIDEMARK_DB_");
  }

  private String topicList() {
    return String.join(",", topics);
  }

  private String databaseUrl(String user) {
    return "postgresql://%s@127.0.0.1:%d/tidemark".formatted(user, ports.postgres());
  }

  private String redisUrl() {
    return "redis://127.0.0.1:" + ports.redis();
  }

  private static URI admin(int port) {
    return URI.create("http://127.0.0.1:" + port);
  }
}
