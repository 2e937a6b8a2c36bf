package dev.tidemark.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/// A Kafka broker and controller in one node, in a JVM of its own.
public final class KafkaServer extends EmbeddedServer {
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

  private final List<String> jvmOptions;
  private final Map<String, String> extraSettings;

  private KafkaServer(
      Path dir, Path log, int port, List<String> jvmOptions, Map<String, String> extraSettings) {
    super("Kafka", dir, log, port);
    this.jvmOptions = jvmOptions;
    this.extraSettings = Map.copyOf(extraSettings);
  }

  /// Starts a broker and returns when it serves clients.
  ///
  /// @param port 0 picks a free one
  public static KafkaServer start(Path dir, int port) {
    return start(dir, dir.resolve("kafka.log"), port);
  }

  /// Starts a broker as the other `start` does, with the log elsewhere.
  ///
  /// @param jvmOptions of the broker's JVM; they override what this class sets: a small JVM that is
  ///   quick to start
  public static KafkaServer start(Path dir, Path log, int port, String... jvmOptions) {
    KafkaServer server = new KafkaServer(dir, log, port, List.of(jvmOptions), Map.of());
    server.start();
    return server;
  }

  /// Starts a broker with further settings.
  ///
  /// @param settings that this class does not set; a list of it is extended
  public static KafkaServer start(Path dir, int port, Map<String, String> settings) {
    KafkaServer server = new KafkaServer(dir, dir.resolve("kafka.log"), port, List.of(), settings);
    server.start();
    return server;
  }

  /// Creates a topic, and returns when it accepts records. The topic is known before that. If the
  /// first batch of an idempotent producer comes too early and the second in time, the first is
  /// never accepted.
  public static void createTopic(Admin admin, NewTopic topic)
      throws ExecutionException, InterruptedException {
    admin.createTopics(List.of(topic)).all().get();
    awaitWritable(admin, topic.name(), topic.numPartitions());
  }

  /// Returns when this number of partitions accept records.
  public static void awaitWritable(Admin admin, String topic, int partitions)
      throws ExecutionException, InterruptedException {
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    for (int n = 0; n < partitions; n++) {
      latest.put(new TopicPartition(topic, n), OffsetSpec.latest());
    }
    long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
    while (true) {
      try {
        admin.listOffsets(latest).all().get();
        return;
      } catch (ExecutionException e) {
        // The broker that was asked may not have heard of the topic yet.
        if (!(e.getCause() instanceof UnknownTopicOrPartitionException)
            || System.nanoTime() - deadline > 0) {
          throw e;
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
      }
    }
  }

  public String bootstrapServers() {
    return "127.0.0.1:" + port();
  }

  @Override
  ChildProcess launch() {
    Path properties = dir().resolve("server.properties");
    Path ready = dir().resolve("ready");
    try {
      Files.deleteIfExists(ready);
      try (Writer writer = Files.newBufferedWriter(properties)) {
        settings().store(writer, "Written at each start.");
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot prepare Kafka's folder " + dir(), e);
    }
    List<String> command = new ArrayList<>();
    // Without the optimising compiler a broker needs 40 % less processor time until it serves
    // clients.
    command.addAll(
        Jvm.command(List.of("-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")));
    command.addAll(jvmOptions);
    command.addAll(
        List.of(
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dlogback.configurationFile=dev/tidemark/embedded/kafka-logback.xml",
            "-cp",
            System.getProperty("java.class.path"),
            KafkaProcess.class.getName(),
            properties.toString(),
            ready.toString()));
    return ChildProcess.start(
            new ChildProcess.Program(
                name(), command, Map.of(), Set.of(), log(), ChildProcess.StopSignal.TERM))
        .awaitReady(() -> Files.exists(ready), START_TIMEOUT);
  }

  private Properties settings() {
    // The controller talks to its own broker only, so its port may change from run to run.
    int controllerPort = Ports.free();
    Properties settings = new Properties();
    settings.putAll(
        Map.of(
            "process.roles", "broker,controller",
            "node.id", "1",
            "controller.quorum.voters", "1@127.0.0.1:" + controllerPort,
            "controller.listener.names", "CONTROLLER",
            "listeners",
                "CONTROLLER://127.0.0.1:%d,CLIENT://127.0.0.1:%d".formatted(controllerPort, port()),
            "advertised.listeners", "CLIENT://127.0.0.1:" + port(),
            "inter.broker.listener.name", "CLIENT",
            "listener.security.protocol.map", "CONTROLLER:PLAINTEXT,CLIENT:PLAINTEXT",
            "log.dirs", dir().resolve("data").toString()));
    // One node holds the only copy of everything.
    for (String topic :
        List.of("offsets.topic", "transaction.state.log", "share.coordinator.state.topic")) {
      settings.put(topic + ".replication.factor", "1");
      settings.put(topic + ".num.partitions", "1");
    }
    settings.put("transaction.state.log.min.isr", "1");
    // A transaction that begins while the one before is being completed waits this long (20 ms by
    // default), and every event of an idle system that comes soon after another waits with it.
    settings.put("add.partitions.to.txn.retry.backoff.ms", "2");
    settings.put("share.coordinator.state.topic.min.isr", "1");
    settings.put("default.replication.factor", "1");
    settings.put("min.insync.replicas", "1");
    settings.put("auto.create.topics.enable", "false");
    // Without an orderly goodbye the next start waits for the old session to run out; after a kill
    // that is 1.5 s.
    settings.put("controlled.shutdown.enable", "true");
    settings.put("broker.session.timeout.ms", "1500");
    settings.put("broker.heartbeat.interval.ms", "300");
    settings.put("controller.quorum.election.timeout.ms", "500");
    settings.put("controller.quorum.fetch.timeout.ms", "1000");
    settings.put("group.initial.rebalance.delay.ms", "0");
    // A killed consumer is detected after 5 s instead of 45. Members learn of changes with their
    // next
    // heartbeats, and a new one needs several until it has its partitions: in the consumer protocol
    // the broker sets this.
    settings.put("group.consumer.min.session.timeout.ms", "5000");
    settings.put("group.consumer.session.timeout.ms", "5000");
    settings.put("group.consumer.min.heartbeat.interval.ms", "200");
    settings.put("group.consumer.heartbeat.interval.ms", "200");
    settings.put("log.initial.task.delay.ms", "100");
    settings.put("log.cleaner.dedupe.buffer.size", "4194304");
    // A list is extended.
    extraSettings.forEach(
        (name, value) -> settings.merge(name, value, (before, more) -> before + "," + more));
    return settings;
  }
}
