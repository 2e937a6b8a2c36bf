package dev.tidemark.relay.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

/// Test of the part of H44 that is arithmetic.
class VisibleTransactionsTest {
  private static final long EPOCH = 1L << 32;

  @Test
  void transactionThatRunsIsNotSeenAndThoseBesideItAre() {
    var visible = VisibleTransactions.parse("10:20:10,14");

    assertThat(visible.include(9)).isTrue();
    assertThat(visible.include(10)).isFalse();
    assertThat(visible.include(13)).isTrue();
    assertThat(visible.include(14)).isFalse();
    assertThat(visible.include(19)).isTrue();
    assertThat(visible.include(20)).isFalse();
  }

  @Test
  void snapshotWithoutARunningTransactionHidesNothingBeforeItsEnd() {
    var visible = VisibleTransactions.parse("20:20:");

    assertThat(visible.include(19)).isTrue();
    assertThat(visible.include(20)).isFalse();
  }

  @Test
  void lowerHalfOfAnIdIsCompletedToTheNearest() {
    var early = VisibleTransactions.parse("5:5:");
    var afterAWrap = new VisibleTransactions(3 * EPOCH + 5, early.running());
    var beforeAWrap = new VisibleTransactions(3 * EPOCH - 5, early.running());

    assertThat(early.whole(4)).isEqualTo(4);
    assertThat(early.whole(6)).isEqualTo(6);
    assertThat(afterAWrap.whole(4)).isEqualTo(3 * EPOCH + 4);
    assertThat(afterAWrap.whole(EPOCH - 1)).isEqualTo(3 * EPOCH - 1);
    assertThat(beforeAWrap.whole(EPOCH - 6)).isEqualTo(3 * EPOCH - 6);
    assertThat(beforeAWrap.whole(3)).isEqualTo(3 * EPOCH + 3);
  }

  @Test
  void oldestThatOthersDoNotSeeIsFound() {
    var ahead = VisibleTransactions.parse("10:25:12");

    assertThat(ahead.firstNotIn(VisibleTransactions.parse("11:20:11,12"))).hasValue(11);
    assertThat(ahead.firstNotIn(VisibleTransactions.parse("12:24:12"))).hasValue(24);
    assertThat(ahead.firstNotIn(VisibleTransactions.parse("12:30:12"))).isEmpty();
    assertThat(ahead.firstNotIn(VisibleTransactions.parse("12:30:12,25,28"))).isEmpty();
  }

  @Test
  void whatIsNoSnapshotIsRefused() {
    assertThatThrownBy(() -> VisibleTransactions.parse("10:20"))
        .hasMessageContaining("'10:20' is no snapshot");
  }
}
