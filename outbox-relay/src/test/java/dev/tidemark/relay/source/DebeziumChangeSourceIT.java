package dev.tidemark.relay.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.service.settings.DatabaseUrl;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.connect.errors.RetriableException;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(SharedServers.class)
class DebeziumChangeSourceIT {
  private static PostgresServer postgres;
  private static Configuration configuration;

  @BeforeAll
  static void migrate(PostgresServer server) throws SQLException {
    postgres = server;
    new Migration(DatabaseUrl.parse(postgres.url()), line -> {}).run();
    configuration =
        Configuration.from(
            Map.of("DATABASE_URL", postgres.url(), "KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"));
  }

  /// The engine refuses to close while its tasks start.
  @Test
  void closeAtAnyMomentOfTheStartEndsTheRun() throws Exception {
    var failures = new ArrayList<Throwable>();
    for (int millis = 1; millis <= 1_500; millis += 100) {
      var source = new DebeziumChangeSource(configuration);
      var run =
          Thread.ofPlatform()
              .uncaughtExceptionHandler((thread, thrown) -> failures.add(thrown))
              .start(() -> source.run(batch -> {}));
      assertThat(run.join(Duration.ofMillis(millis))).as("ended by itself").isFalse();

      source.close();

      assertThat(run.join(Duration.ofSeconds(30))).as("closed after %d ms", millis).isTrue();
    }
    assertThat(failures).isEmpty();
  }

  /// Debezium's engine treats an exception of this kind as permission to drop the batch.
  @Test
  void retriableFaultOfTheReceiverEndsTheRun_H26() throws Exception {
    var batches = new AtomicInteger();
    var isOver = new AtomicBoolean();
    var source = new DebeziumChangeSource(configuration);
    var row =
        """
        insert into outbox (aggregatetype, aggregateid, version, type, payload)
        values ('product', 'retried', 1, 'product.created', '{}')
        """;
    var database = Jdbi.create(postgres.jdbcUrl());
    database.useHandle(h -> h.execute(row));
    var writer =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  while (batches.get() < 2 && !isOver.get()) {
                    database.useHandle(h -> h.execute(row));
                  }
                  // An engine that has dropped a batch would go on without end.
                  source.close();
                });

    assertThatThrownBy(
            () ->
                source.run(
                    batch -> {
                      batches.incrementAndGet();
                      throw new RetriableException("thrown by the test");
                    }))
        .isInstanceOf(StreamFailed.class);
    isOver.set(true);
    writer.join();

    assertThat(batches).hasValue(1);
  }
}
