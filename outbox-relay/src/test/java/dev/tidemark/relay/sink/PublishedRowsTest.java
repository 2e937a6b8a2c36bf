package dev.tidemark.relay.sink;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.relay.sink.PublishedRows.Progress;
import dev.tidemark.relay.sink.PublishedRows.Rows;
import dev.tidemark.relay.source.Change;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.postgresql.replication.LogSequenceNumber;

class PublishedRowsTest {
  private final List<Change> first = transaction(7, 5);
  private final List<Change> second = transaction(8, 2);

  @Test
  void withoutMemoryEverythingIsUnpublished() {
    var taken = new PublishedRows().take(first);

    assertThat(taken.changes()).isEqualTo(first);
    assertThat(taken.progress().rows()).containsExactly(rows(first, 5));
  }

  @Test
  void rowsThatWerePublishedAreSkippedAndTheRestIsNot() {
    var published = remembering(rows(first, 3));

    var taken = published.take(first);

    assertThat(taken.changes()).isEqualTo(first.subList(3, 5));
    assertThat(taken.progress().rows()).containsExactly(rows(first, 5));
  }

  @Test
  void countGoesOnOverBatches() {
    var published = remembering(rows(first, 3));

    assertThat(published.take(first.subList(0, 2)).changes()).isEmpty();
    assertThat(published.take(first.subList(2, 4)).changes()).isEqualTo(first.subList(3, 4));
    assertThat(published.take(first.subList(4, 5)).changes()).isEqualTo(first.subList(4, 5));
    assertThat(published.take(second).progress().rows()).containsExactly(rows(second, 2));
  }

  @Test
  void greaterCountOfATransactionStandsWhateverTheOrder() {
    var published = remembering(rows(first, 4), rows(first, 2));

    assertThat(published.take(first).changes()).isEqualTo(first.subList(4, 5));
  }

  @Test
  void transactionIdUsedAgainByAnotherTransactionIsNotSkipped() {
    var published = remembering(rows(first, 5));
    var promotedServersOwn = transaction(7, 5);

    assertThat(published.take(promotedServersOwn).changes()).isEqualTo(promotedServersOwn);
  }

  @Test
  void ofTwoTransactionsWithOneIdBothAreRemembered_H49() {
    var lostWithTheOldServer = transaction(7, 5);
    var published = remembering(rows(first.subList(0, 2), 2), rows(lostWithTheOldServer, 5));

    assertThat(published.take(first.subList(0, 3)).changes()).isEqualTo(first.subList(2, 3));
  }

  @Test
  void precedingCommitIsThatOfTheFirstUnpublishedRow() {
    var commit = Optional.of(LogSequenceNumber.valueOf("0/42"));
    var later = new Change(9, commit, UUID.randomUUID(), poison());
    var published = remembering(rows(first, 5));

    var taken = published.take(Stream.concat(first.stream(), Stream.of(later)).toList());

    assertThat(taken.progress().precedingCommit()).isEqualTo(commit);
  }

  private static PublishedRows remembering(Rows... rows) {
    var published = new PublishedRows();
    for (var each : rows) {
      published.add(new Progress(Optional.empty(), List.of(each), Optional.empty()));
    }
    return published;
  }

  private static Rows rows(List<Change> transaction, int count) {
    var change = transaction.getFirst();
    return new Rows(change.transactionId(), change.rowId().hashCode(), count);
  }

  private static List<Change> transaction(long id, int rows) {
    return IntStream.range(0, rows)
        .mapToObj(n -> new Change(id, Optional.empty(), UUID.randomUUID(), poison()))
        .toList();
  }

  private static Change.Poison poison() {
    return new Change.Poison(
        "content does not matter here",
        Optional.empty(),
        Optional.empty(),
        OptionalLong.empty(),
        Optional.empty(),
        Instant.EPOCH);
  }
}
