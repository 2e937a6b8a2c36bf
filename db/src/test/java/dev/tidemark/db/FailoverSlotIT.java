package dev.tidemark.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;

final class FailoverSlotIT {

  @RegisterExtension private static final MigratedDatabase database = new MigratedDatabase();

  @BeforeEach
  void dropSlot() throws SQLException {
    database.texts(
        "select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = 'tidemark_relay'");
  }

  @Test
  void aNewSlotIsNoFailoverSlotUnlessAskedFor() throws SQLException {
    migrate(Optional.empty());
    assertThat(failover()).containsExactly("f");
  }

  @Test
  void aNewSlotCanBeAFailoverSlot() throws SQLException {
    assertThat(migrate(Optional.of(true))).endsWith("slot tidemark_relay created, for failover");
    assertThat(failover()).containsExactly("t");
  }

  @Test
  void anExistingSlotIsSwitchedOnAndOffAndKeepsItsPosition() throws SQLException {
    migrate(Optional.empty());
    List<String> position = position();

    assertThat(migrate(Optional.of(true)))
        .endsWith("slot tidemark_relay was there, failover switched on");
    assertThat(failover()).containsExactly("t");

    assertThat(migrate(Optional.of(false)))
        .endsWith("slot tidemark_relay was there, failover switched off");
    assertThat(failover()).containsExactly("f");
    assertThat(position()).isEqualTo(position);
  }

  @Test
  void aMigrationThatDoesNotSayLeavesAFailoverSlotAsItIs() throws SQLException {
    migrate(Optional.of(true));
    migrate(Optional.empty());
    assertThat(failover()).containsExactly("t");
  }

  @Test
  void aSlotThatIsReadIsNotSwitchedAndTheMessageSaysWhatToDo() throws SQLException {
    migrate(Optional.empty());
    Properties settings = new Properties();
    PGProperty.USER.set(settings, "postgres");
    PGProperty.REPLICATION.set(settings, "database");
    PGProperty.PREFER_QUERY_MODE.set(settings, "simple");
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(settings, "17");
    try (Connection relay = new Driver().connect(database.server().jdbcUrl(), settings);
        var _ =
            relay
                .unwrap(PGConnection.class)
                .getReplicationAPI()
                .replicationStream()
                .logical()
                .withSlotName("tidemark_relay")
                .withSlotOption("proto_version", 1)
                .withSlotOption("publication_names", "tidemark_outbox")
                .start()) {
      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(() -> migrate(Optional.of(true)))
          .withMessageContaining("stop the relays, run migrate again");
    }
  }

  private static List<String> migrate(Optional<Boolean> failover) throws SQLException {
    List<String> steps = new ArrayList<>();
    new Migration(database.url(), failover, steps::add).run();
    return steps;
  }

  private static List<String> failover() throws SQLException {
    return database.texts(
        "select failover from pg_replication_slots where slot_name = 'tidemark_relay'");
  }

  private static List<String> position() throws SQLException {
    return database.texts(
        "select confirmed_flush_lsn from pg_replication_slots where slot_name = 'tidemark_relay'");
  }
}
