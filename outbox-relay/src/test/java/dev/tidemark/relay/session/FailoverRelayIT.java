package dev.tidemark.relay.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.PostgresStandby;
import dev.tidemark.event.EventHeaders;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.service.settings.DatabaseUrl;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.stream.LongStream;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Test that the relay continues from the failover slot of a standby that was promoted.
@ExtendWith(SharedServers.class)
class FailoverRelayIT {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String WRITE_NEXT =
      """
      insert into outbox (aggregatetype, aggregateid, version, type, payload)
      select 'product', 'a', coalesce(max(version), 0) + 1, 'product.updated', '{}' from outbox
      """;

  @TempDir Path folder;

  @Test
  void promotedStandbyHasTheSlotAndNothingIsLostOrRepeated_H28(
      PostgresServer primary, KafkaServer kafka) throws Exception {
    new Migration(DatabaseUrl.parse(primary.url()), Optional.of(true), step -> {}).run();
    try (var standby =
        PostgresStandby.start(
            primary, folder.resolve("standby"), 0, Map.of("sync_replication_slots", "on"))) {
      // No event of a transaction that the standby lacks may be published.
      var onPrimary = Jdbi.create(primary.jdbcUrl());
      onPrimary.useHandle(
          h -> {
            h.execute(
                "alter system set synchronized_standby_slots = 'standby_%d'"
                    .formatted(standby.port()));
            h.execute("select pg_reload_conf()");
          });
      var onStandby = Jdbi.create(standby.jdbcUrl());

      try (var _ = RunningRelay.start(environment(primary, kafka));
          var writers = Executors.newVirtualThreadPerTaskExecutor()) {
        awaitCopiedSlot(onPrimary, onStandby);
        var writer = writers.submit(() -> writeUntilItFails(onPrimary));
        await().atMost(SOON).until(() -> published(kafka).size() > 200);
        primary.kill();
        writer.get();
      }
      PostgresStandby.promote(standby);

      try (var _ = RunningRelay.start(environment(standby, kafka))) {
        onStandby.useHandle(h -> h.execute(WRITE_NEXT));
        long written =
            onStandby.withHandle(
                h -> h.createQuery("select max(version) from outbox").mapTo(Long.class).one());
        await()
            .atMost(SOON)
            .untilAsserted(
                () ->
                    assertThat(published(kafka))
                        .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, written).boxed().toList()));
        assertThat(isCopied(onStandby)).as("the slot was not made anew").isTrue();
      }
    }
  }

  @Test
  void promotedStandbyWithoutTheSlotIsRepairedAndNothingIsLostOrRepeated_H28(
      PostgresServer primary, KafkaServer kafka) throws Exception {
    new Migration(DatabaseUrl.parse(primary.url()), step -> {}).run();
    try (var standby = PostgresStandby.start(primary, folder.resolve("standby"), 0, Map.of())) {
      var onPrimary = Jdbi.create(primary.jdbcUrl());
      var onStandby = Jdbi.create(standby.jdbcUrl());
      try (var _ = RunningRelay.start(environment(primary, kafka))) {
        write(onPrimary, 20);
        await().atMost(SOON).until(() -> published(kafka).size() == 20);
      }
      write(onPrimary, 30);
      await().atMost(SOON).until(() -> newest(onStandby) == 50);
      primary.kill();
      PostgresStandby.promote(standby);
      write(onStandby, 5);

      try (var _ = RunningRelay.start(environment(standby, kafka))) {
        write(onStandby, 5);
        awaitAllPublished(onStandby, kafka);
      }
    }
  }

  /// An operator creates a slot on the promoted server, and it looks correct. Its LSN means
  /// nothing: the log of the lost server was far ahead.
  @Test
  void slotThatSomebodyMakesOnAPromotedServerIsNotTrusted_H28(
      PostgresServer primary, KafkaServer kafka) throws Exception {
    new Migration(DatabaseUrl.parse(primary.url()), step -> {}).run();
    try (var standby = PostgresStandby.start(primary, folder.resolve("standby"), 0, Map.of())) {
      var onPrimary = Jdbi.create(primary.jdbcUrl());
      var onStandby = Jdbi.create(standby.jdbcUrl());
      try (var _ = RunningRelay.start(environment(primary, kafka))) {
        write(onPrimary, 20);
        await().atMost(SOON).until(() -> published(kafka).size() == 20);
        await().atMost(SOON).until(() -> newest(onStandby) == 20);
        standby.kill();
        var far =
            onPrimary.withHandle(
                h -> {
                  h.execute(
                      "select pg_logical_emit_message(false, 'filler', repeat('x', 20000000))");
                  return h.createQuery("select pg_current_wal_lsn()").mapTo(String.class).one();
                });
        await().atMost(SOON).until(() -> isConfirmed(onPrimary, far));
      }
      primary.kill();
      standby.restart();
      PostgresStandby.promote(standby);
      write(onStandby, 5);
      new Migration(DatabaseUrl.parse(standby.url()), step -> {}).run();

      // There is no further version, which would show the gap.
      try (var _ = RunningRelay.start(environment(standby, kafka))) {
        awaitAllPublished(onStandby, kafka);
      }
    }
  }

  private static void awaitAllPublished(Jdbi server, KafkaServer kafka) {
    var all = LongStream.rangeClosed(1, newest(server)).boxed().toList();
    await()
        .atMost(SOON)
        .untilAsserted(() -> assertThat(published(kafka)).containsExactlyElementsOf(all));
  }

  private static boolean isConfirmed(Jdbi server, String lsn) {
    return server.withHandle(
        h ->
            h.createQuery(
                    "select confirmed_flush_lsn >= cast(:lsn as pg_lsn) from pg_replication_slots"
                        + " where slot_name = 'tidemark_relay'")
                .bind("lsn", lsn)
                .mapTo(Boolean.class)
                .one());
  }

  private static void write(Jdbi server, int versions) {
    server.useHandle(
        h -> {
          for (int i = 0; i < versions; i++) {
            h.execute(WRITE_NEXT);
          }
        });
  }

  private static long newest(Jdbi server) {
    return server.withHandle(
        h -> h.createQuery("select coalesce(max(version), 0) from outbox").mapTo(Long.class).one());
  }

  private static Map<String, String> environment(PostgresServer server, KafkaServer kafka) {
    return Map.of(
        "DATABASE_URL",
        server.url(),
        "DATABASE_USER",
        "tidemark_relay",
        "KAFKA_BOOTSTRAP_SERVERS",
        kafka.bootstrapServers());
  }

  private static void awaitCopiedSlot(Jdbi primary, Jdbi standby) {
    await()
        .atMost(SOON)
        .until(
            () -> {
              // The slot may advance only to such a record, which a server writes every 15 s.
              primary.useHandle(h -> h.execute("select pg_log_standby_snapshot()"));
              return isCopied(standby);
            });
  }

  private static boolean isCopied(Jdbi standby) {
    return standby.withHandle(
        h ->
            h.createQuery(
                    "select exists (select from pg_replication_slots where slot_name ="
                        + " 'tidemark_relay' and synced and not temporary)")
                .mapTo(Boolean.class)
                .one());
  }

  private static void writeUntilItFails(Jdbi primary) {
    try {
      primary.useHandle(
          h -> {
            while (true) {
              h.execute(WRITE_NEXT);
            }
          });
    } catch (JdbiException serverIsGone) {
      // The write in progress may have been committed or not.
    }
  }

  private static List<Long> published(KafkaServer kafka) {
    return Topic.committed(kafka, "product.events").stream()
        .map(
            event ->
                Long.valueOf(
                    new String(
                        event.headers().lastHeader(EventHeaders.AGGREGATE_VERSION).value(), UTF_8)))
        .toList();
  }
}
