package dev.tidemark.relay.sink;

import dev.tidemark.relay.source.Change;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.postgresql.replication.LogSequenceNumber;

/// The relay's own memory of what is published: the number of published rows of each transaction
/// that the log may return again.
///
/// After a restart the log returns whole transactions again, from the slot's confirmed position on.
/// The published rows are the first ones of their transaction, so a count per transaction is enough
/// to skip exactly them. Nothing here compares an LSN of a row: several rows can share one (COPY,
/// INSERT of many rows), and transactions interleave in the log. A position made of an LSN would
/// lose rows or repeat them there (H27, H27b, H27c).
///
/// A transaction is known by its id and the id of its first row: a server that was promoted may use
/// a transaction id again (H49).
///
/// Confined to one thread.
public final class PublishedRows {
  private final Map<Transaction, Integer> published = new HashMap<>();
  private Transaction transaction = new Transaction(-1, 0);
  private int publishedOfIt;
  private int rows;

  private record Transaction(long id, int firstRow) {}

  /// Progress of one transaction.
  ///
  /// @param firstRow hash of the id of its first row
  /// @param count how many rows of it, from the first on
  record Rows(long transactionId, int firstRow, int count) {}

  /// Progress that one batch adds.
  ///
  /// @param precedingCommit every transaction published before this batch ends at or before this
  ///   LSN, or is in `rows`
  /// @param reach how far the slot may be confirmed from now on; empty: as before
  public record Progress(
      Optional<LogSequenceNumber> precedingCommit,
      List<Rows> rows,
      Optional<ConfirmedLimit> reach) {

    public static final Progress NONE = new Progress(Optional.empty(), List.of(), Optional.empty());

    /// Returns a progress with only a new reach.
    ///
    /// @param precedingCommit as in the record
    public static Progress of(Optional<LogSequenceNumber> precedingCommit, ConfirmedLimit reach) {
      return new Progress(precedingCommit, List.of(), Optional.of(reach));
    }

    public Progress with(ConfirmedLimit newReach) {
      return new Progress(precedingCommit, rows, Optional.of(newReach));
    }
  }

  /// Adds what an earlier batch published. The greater count of a transaction wins.
  void add(Progress progress) {
    for (var rows : progress.rows()) {
      published.merge(
          new Transaction(rows.transactionId(), rows.firstRow()), rows.count(), Math::max);
    }
  }

  /// The part of a range of the log that is still to be published.
  public record Unpublished(List<Change> changes, Progress progress) {}

  /// Takes the next changes of the log and returns those that are not published. To be called for
  /// all changes, in order.
  public Unpublished take(List<Change> changes) {
    var unpublished = new ArrayList<Change>(changes.size());
    var progress = new ArrayList<Rows>();
    for (var change : changes) {
      if (change.transactionId() != transaction.id()) {
        transaction = new Transaction(change.transactionId(), change.rowId().hashCode());
        publishedOfIt = published.getOrDefault(transaction, 0);
        rows = 0;
      }
      rows++;
      if (rows <= publishedOfIt) {
        continue;
      }
      unpublished.add(change);
      if (!progress.isEmpty() && progress.getLast().transactionId() == transaction.id()) {
        progress.removeLast();
      }
      progress.add(new Rows(transaction.id(), transaction.firstRow(), rows));
    }
    var precedingCommit =
        unpublished.isEmpty()
            ? Optional.<LogSequenceNumber>empty()
            : unpublished.getFirst().precedingCommit();
    return new Unpublished(unpublished, new Progress(precedingCommit, progress, Optional.empty()));
  }
}
