package dev.tidemark.relay.session;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.relay.SharedServers;
import dev.tidemark.relay.source.Change;
import dev.tidemark.relay.source.StreamFailed;
import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.service.settings.DatabaseUrl;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(SharedServers.class)
class PostgresVisibilityIT {
  private static final String APPLICATION = "visibility-test";

  @Test
  void whatALookAheadHasSeenIsNotAskedForAgain(PostgresServer postgres) {
    var database = Jdbi.create(postgres.jdbcUrl());
    try (var visibility =
        new PostgresVisibility(
            DatabaseUrl.parse(postgres.url()).dataSource(APPLICATION),
            new RelayStatus(Clock.systemUTC()))) {
      var seen = committed(database);

      visibility.lookAhead();

      await().until(() -> terminated(database) == 1);
      visibility.await(List.of(seen));
      var unseen = committed(database);
      assertThatThrownBy(() -> visibility.await(List.of(unseen)))
          .as("its session has ended")
          .isInstanceOf(StreamFailed.class);
    }
  }

  /// Ends the session that has looked, and returns how many there were.
  private static int terminated(Jdbi database) {
    return database
        .withHandle(
            h ->
                h.createQuery(
                        """
                        select pg_terminate_backend(pid, 10000) from pg_stat_activity
                         where application_name = :name and state = 'idle' and query like '%pg_current_snapshot%'
                        """)
                    .bind("name", APPLICATION)
                    .mapTo(Boolean.class)
                    .list())
        .size();
  }

  private static Change committed(Jdbi database) {
    long transaction =
        database.inTransaction(
            h -> h.createQuery("select pg_current_xact_id()::text").mapTo(Long.class).one());
    return new Change(
        transaction,
        Optional.empty(),
        UUID.randomUUID(),
        new Change.Poison(
            "a test",
            Optional.empty(),
            Optional.empty(),
            OptionalLong.empty(),
            Optional.empty(),
            Instant.EPOCH));
  }
}
