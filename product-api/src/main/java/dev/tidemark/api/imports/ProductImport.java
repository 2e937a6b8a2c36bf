package dev.tidemark.api.imports;

import dev.tidemark.api.http.Bodies;
import dev.tidemark.api.http.Endpoint;
import dev.tidemark.api.http.RequestHeaders;
import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import dev.tidemark.api.product.Product;
import dev.tidemark.api.store.DatabaseFault;
import dev.tidemark.api.store.ProductStore;
import dev.tidemark.api.store.Replacement;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipException;

/// Answers `POST /products/import`: reads a product from each line as the lines come in, and writes
/// them in batches, each a transaction. Committed batches stay when a later line, the client or the
/// database fails; when the whole is sent again, only the missing products are written. An import
/// that replaces all products does nothing before it has the whole. Thread-safe.
///
/// The cache is not informed: a batch would cost a round trip per product, and the outbox does it.
public final class ProductImport {

  static final String MEDIA_TYPE = "application/x-ndjson";

  private static final int NAMES = 500;

  private final ProductStore store;
  private final int lineLimit;

  /// @param lineLimit the longest line, in bytes
  public ProductImport(ProductStore store, int lineLimit) {
    this.store = store;
    this.lineLimit = lineLimit;
  }

  public void handle(ServerRequest request, ServerResponse response) {
    if (!Bodies.isMediaType(request.headers(), MEDIA_TYPE)) {
      throw new ProblemException(Problem.unsupportedMediaType(MEDIA_TYPE));
    }
    RequestHeaders.refuseCondition(request.headers());
    ImportRequest asked = ImportRequest.of(request.query());
    Optional<String> traceparent = RequestHeaders.traceparent(request.headers());
    ImportReport report = new ImportReport();
    ImportProgress progress = new ImportProgress(request.headers(), response);
    ImportRun run = new ImportRun(store, report, progress, traceparent);
    UncutBody body = new UncutBody(Bodies.stream(request));
    try {
      body.readBy(
          () -> {
            if (asked.replace()) {
              replace(asked, body, run, report, traceparent);
            } else {
              run.all(new ProductLines(body, lineLimit));
            }
          });
      progress.end(report.json());
    } catch (DatabaseFault e) {
      fail(problem(e), body, report, progress);
    } catch (ProblemException e) {
      fail(e.problem(), body, report, progress);
    } catch (ZipException e) {
      fail(
          Problem.malformedRequest("The body is not whole gzip: " + e.getMessage() + "."),
          body,
          report,
          progress);
    } catch (IOException e) {
      fail(Problem.malformedRequest("The body was not read to its end."), body, report, progress);
    }
  }

  /// Runs an import after which the file and the products are the same. Nothing is deleted when a
  /// line failed, because its product is not known.
  private void replace(
      ImportRequest asked,
      InputStream body,
      ImportRun run,
      ImportReport report,
      Optional<String> traceparent)
      throws IOException {
    try (Replacement replacement =
            store
                .beginReplacement()
                .orElseThrow(
                    () ->
                        new ProblemException(
                            Problem.overloaded("Another import with replace=true is under way.")));
        SpooledBody whole = SpooledBody.of(body)) {
      boolean named = name(replacement, new ProductLines(whole.open(), lineLimit));
      if (named) {
        confirm(replacement.count(), asked);
      }
      run.all(new ProductLines(whole.open(), lineLimit));
      report.deleted(0);
      if (named && report.isWhole()) {
        replacement.deleteRest(traceparent, report::deleted);
      }
    }
  }

  /// Names all products to keep. Returns false at a line that names none, because its product is
  /// not known.
  private static boolean name(Replacement replacement, ProductLines lines) throws IOException {
    List<String> ids = new ArrayList<>(NAMES);
    for (Optional<ImportBatch.Line> line = lines.next(); line.isPresent(); line = lines.next()) {
      switch (line.get()) {
        case ImportBatch.Blank _ -> {}
        case ImportBatch.Bad _ -> {
          return false;
        }
        case ImportBatch.Good(long _, int _, Product product) -> ids.add(product.id());
      }
      if (ids.size() == NAMES) {
        replacement.name(ids);
        ids.clear();
      }
    }
    if (!ids.isEmpty()) {
      replacement.name(ids);
    }
    return true;
  }

  private static void confirm(Replacement.Rest rest, ImportRequest asked) {
    if (rest.isMostOfAll() && asked.confirmed().orElse(-1) != rest.rest()) {
      throw new ProblemException(Problem.deletionNotConfirmed(rest.rest(), rest.products()));
    }
  }

  private static Problem problem(DatabaseFault fault) {
    return switch (fault.kind()) {
      case UNREACHABLE -> Problem.databaseAway("No connection to the database was to be had.");
      case INTERRUPTED ->
          Problem.databaseAway(
              "The database went away or took too long; one batch more than is counted here may"
                  + " have been written, or deleted.");
      case STANDBY -> Problem.databaseAway("The database is a standby, which takes no writes.");
      case CONFLICT -> Problem.databaseAway("Other writes were in the way for too long.");
      case REFUSED, DEFECT -> Endpoint.problem(fault);
    };
  }

  /// Sends the problem with the counts, so that the client knows what is done.
  private static void fail(
      Problem problem, UncutBody body, ImportReport report, ImportProgress progress) {
    body.readOn();
    Problem told = problem.with(report.sentence(), report.members());
    if (!progress.isUnderWay()) {
      throw new ProblemException(told);
    }
    try {
      progress.end(told.json());
    } catch (IOException e) {
      throw new UncheckedIOException("the client of an import went away", e);
    }
  }
}
