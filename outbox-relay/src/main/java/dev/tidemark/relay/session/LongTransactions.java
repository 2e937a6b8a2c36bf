package dev.tidemark.relay.session;

import dev.tidemark.relay.source.Change;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Logs the progress of a long transaction, which may take minutes to publish. Confined to one
/// thread.
final class LongTransactions {
  private static final Logger log = LoggerFactory.getLogger(LongTransactions.class);
  private static final long ROWS_BETWEEN_LINES = 25_000;

  private long transactionId = -1;
  private long rows;

  /// @param changes the next ones that were published, in order
  void published(List<Change> changes) {
    for (var change : changes) {
      if (change.transactionId() != transactionId) {
        if (rows >= ROWS_BETWEEN_LINES) {
          tell("a long transaction is published");
        }
        transactionId = change.transactionId();
        rows = 0;
      }
      rows++;
      if (rows % ROWS_BETWEEN_LINES == 0) {
        tell("a long transaction is being published");
      }
    }
  }

  private void tell(String what) {
    log.atInfo().addKeyValue("transaction", transactionId).addKeyValue("rows", rows).log(what);
  }
}
