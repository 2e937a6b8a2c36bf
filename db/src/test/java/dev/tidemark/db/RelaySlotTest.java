package dev.tidemark.db;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.sql.SQLException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class RelaySlotTest {

  @Test
  void failoverIsRefusedBelowPostgres17() {
    RelaySlot slot = new RelaySlot("s", Optional.of(true), step -> {});

    assertThatExceptionOfType(SQLException.class)
        .isThrownBy(() -> slot.requireSupport(160_010))
        .withMessageContaining("TIDEMARK_DB_SLOT_FAILOVER is true")
        .withMessageContaining("PostgreSQL 16");
    assertThatCode(() -> slot.requireSupport(170_000)).doesNotThrowAnyException();
  }

  @Test
  void olderServersAreFineWithoutFailover() {
    assertThatCode(() -> new RelaySlot("s", Optional.empty(), step -> {}).requireSupport(160_010))
        .doesNotThrowAnyException();
  }
}
