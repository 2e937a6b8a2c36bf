package dev.tidemark.api.imports;

import dev.tidemark.api.problem.Violation;
import dev.tidemark.api.product.Product;
import dev.tidemark.api.store.Counts;
import dev.tidemark.api.store.DatabaseFault;
import dev.tidemark.api.store.ProductStore;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/// Lines of one import on their way into the database. While a batch is written, on a thread of its
/// own, the next one is read and parsed; two are never written at the same time.
///
/// Confined to one thread: a written batch is reported when it has been awaited.
final class ImportRun {

  private record Write(ImportBatch batch, CompletableFuture<Counts> counts) {}

  private static final Executor WRITER = Thread.ofVirtual().name("import")::start;

  private final ProductStore store;
  private final ImportReport report;
  private final ImportProgress progress;
  private final Optional<String> traceparent;
  private ImportBatch batch = new ImportBatch();
  private @Nullable Write underWay;

  ImportRun(
      ProductStore store,
      ImportReport report,
      ImportProgress progress,
      Optional<String> traceparent) {
    this.store = store;
    this.report = report;
    this.progress = progress;
    this.traceparent = traceparent;
  }

  /// Writes all lines. When it returns or throws, nothing is being written any more.
  ///
  /// @throws DatabaseFault also when the source failed before it
  void all(ProductLines source) throws IOException {
    try {
      for (Optional<ImportBatch.Line> line = source.next();
          line.isPresent();
          line = source.next()) {
        batch.add(line.get());
        if (batch.isFull()) {
          write();
          progress.tell(report);
        }
      }
      if (!batch.isEmpty()) {
        write();
      }
    } finally {
      settle();
    }
  }

  /// Begins to write the current batch when the one before is done.
  private void write() {
    ImportBatch next = batch;
    batch = new ImportBatch();
    List<Product> products = next.products();
    settle();
    underWay =
        new Write(
            next,
            products.isEmpty()
                ? CompletableFuture.completedFuture(Counts.NONE)
                : CompletableFuture.supplyAsync(
                    () -> store.writeAll(products, traceparent), WRITER));
  }

  /// Waits for the batch that is being written, also when this thread is interrupted: the database
  /// has a time limit of its own.
  private void settle() {
    Write write = underWay;
    underWay = null;
    if (write != null) {
      try {
        report.written(write.counts().join());
        write.batch().lines().forEach(this::tellBad);
        report.settled(write.batch().lastLine());
      } catch (CompletionException e) {
        if (!(e.getCause() instanceof DatabaseFault fault)) {
          throw e;
        }
        if (fault.kind() != DatabaseFault.Kind.REFUSED) {
          throw fault;
        }
        oneByOne(write.batch());
      }
    }
  }

  private void tellBad(ImportBatch.Line line) {
    if (line instanceof ImportBatch.Bad(long number, int _, Violation violation)) {
      report.failed(number, violation);
    }
  }

  /// Writes the lines one by one, for a batch with a value that only the database rejects.
  private void oneByOne(ImportBatch refused) {
    for (ImportBatch.Line line : refused.lines()) {
      switch (line) {
        case ImportBatch.Bad bad -> tellBad(bad);
        case ImportBatch.Blank _ -> {}
        case ImportBatch.Good(long number, int _, Product product) -> {
          try {
            report.written(store.writeAll(List.of(product), traceparent));
          } catch (DatabaseFault e) {
            if (e.kind() != DatabaseFault.Kind.REFUSED) {
              throw e;
            }
            report.failed(
                number, new Violation("", "is refused by the database: " + e.getMessage()));
          }
        }
      }
      report.settled(line.number());
    }
    report.settled(refused.lastLine());
  }
}
