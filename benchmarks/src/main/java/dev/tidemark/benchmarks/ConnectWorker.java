package dev.tidemark.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tidemark.embedded.Ports;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/// A Kafka Connect worker (distributed) with Debezium's PostgreSQL connector and its outbox event
/// router: the usual alternative to the relay. Events have the same topic, key and value as the
/// relay's, and those of its headers that the router can make.
final class ConnectWorker {

  /// JVM options of Kafka's own start script for a worker.
  private static final List<String> JVM =
      List.of(
          "-Xms256M",
          "-Xmx2G",
          "-server",
          "-XX:+UseG1GC",
          "-XX:MaxGCPauseMillis=20",
          "-XX:InitiatingHeapOccupancyPercent=35",
          "-XX:+ExplicitGCInvokesConcurrent");

  /// Settings of a producer for throughput. A worker's own sends small batches one at a time.
  static final Map<String, String> TUNED =
      Map.of(
          "batch.size",
          Integer.toString(256 << 10),
          "enable.idempotence",
          "true",
          "max.in.flight.requests.per.connection",
          "5");

  private static final Duration START = Duration.ofMinutes(1);
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private ConnectWorker() {}

  /// @param exactlyOnce in exactly-once source mode, a Kafka transaction for each batch
  /// @param producer settings of the producer, under Kafka's own names
  /// @param connector settings of the connector beside those set here
  static Carrier start(
      boolean exactlyOnce,
      Map<String, String> producer,
      Map<String, String> connector,
      Route route,
      Path folder)
      throws IOException {
    int port = Ports.free();
    Path properties = Files.createDirectories(folder).resolve("worker.properties");
    try (Writer writer = Files.newBufferedWriter(properties)) {
      worker(exactlyOnce, producer, route, port, folder).store(writer, null);
    }
    CarrierProcess worker =
        CarrierProcess.start(
            "Kafka Connect",
            JVM,
            List.of("org.apache.kafka.connect.cli.ConnectDistributed", properties.toString()),
            Map.of(),
            folder.resolve("worker.log"));
    Map<String, String> settings = new HashMap<>(connector(exactlyOnce, route));
    settings.putAll(connector);
    URI address = URI.create("http://127.0.0.1:%d/connectors/outbox/config".formatted(port));
    try (HttpClient http = HttpClient.newHttpClient()) {
      // Refused until the worker has joined its group.
      worker.process().awaitReady(() -> isAccepted(http, address, settings), START);
    }
    return worker;
  }

  private static Properties worker(
      boolean exactlyOnce, Map<String, String> producer, Route route, int port, Path folder) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", route.bootstrapServers());
    settings.put("group.id", route.slot());
    settings.put("listeners", "http://127.0.0.1:" + port);
    // The folder is empty: the connector is on the class path.
    settings.put("plugin.path", folder.toString());
    for (String topic : List.of("config", "offset", "status")) {
      settings.put(topic + ".storage.topic", route.slot() + "." + topic);
      settings.put(topic + ".storage.replication.factor", "1");
    }
    settings.put("offset.storage.partitions", "1");
    settings.put("status.storage.partitions", "1");
    settings.put("key.converter", "org.apache.kafka.connect.storage.StringConverter");
    settings.put("value.converter", "org.apache.kafka.connect.storage.StringConverter");
    if (exactlyOnce) {
      settings.put("exactly.once.source.support", "enabled");
    }
    producer.forEach((name, value) -> settings.put("producer." + name, value));
    return settings;
  }

  private static Map<String, String> connector(boolean exactlyOnce, Route route) {
    Map<String, String> settings = new HashMap<>();
    settings.put("connector.class", "io.debezium.connector.postgresql.PostgresConnector");
    settings.put("tasks.max", "1");
    settings.put("topic.prefix", route.slot());
    settings.put("database.hostname", "127.0.0.1");
    settings.put("database.port", Integer.toString(route.postgres().port()));
    settings.put("database.dbname", route.database());
    settings.put("database.user", OutboxTable.READER);
    settings.put("plugin.name", "pgoutput");
    settings.put("slot.name", route.slot());
    settings.put("publication.name", OutboxTable.PUBLICATION);
    settings.put("publication.autocreate.mode", "disabled");
    settings.put("table.include.list", "public.outbox");
    // The relay's heartbeats, sent during its turn, are in the log as well.
    settings.put("message.prefix.exclude.list", ".*");
    settings.put("snapshot.mode", "no_data");
    settings.put("tombstones.on.delete", "false");
    settings.put("transforms", "outbox");
    settings.put("transforms.outbox.type", "io.debezium.transforms.outbox.EventRouter");
    settings.put("transforms.outbox.route.topic.replacement", route.topic());
    settings.put(
        "transforms.outbox.table.fields.additional.placement",
        "type:header:ce_type,aggregateid:header:ce_subject,version:header:%s,traceparent:header"
            .formatted(TopicReader.VERSION_HEADER));
    if (exactlyOnce) {
      settings.put("exactly.once.support", "required");
    }
    return settings;
  }

  private static boolean isAccepted(
      HttpClient http, URI address, Map<String, String> connectorSettings) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(address)
              .header("Content-Type", "application/json")
              .PUT(HttpRequest.BodyPublishers.ofString(json(connectorSettings)))
              .timeout(Duration.ofSeconds(20))
              .build();
      return http.send(request, BodyHandlers.discarding()).statusCode() / 100 == 2;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static String json(Map<String, String> settings) {
    try {
      return JSON.writeValueAsString(settings);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
