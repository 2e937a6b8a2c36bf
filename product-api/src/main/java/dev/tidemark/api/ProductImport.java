package dev.tidemark.api;

import io.helidon.common.uri.UriQuery;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.zip.ZipException;

/// Answers `POST /products/import`: takes a product from each line as the lines come in, and writes
/// them in batches, each a transaction. What was committed stays when a later line, the client or
/// the database fails; sending the whole again writes only what is missing. Thread-safe.
///
/// The cache is not told: a batch would cost a round trip per product, and the outbox does it.
final class ProductImport {

  static final String MEDIA_TYPE = "application/x-ndjson";

  private final ProductStore store;
  private final int lineLimit;

  /// Each holds a connection to the database from its beginning to its end, and what one writes the
  /// other would delete.
  private final Semaphore replacing = new Semaphore(1);

  /// @param lineLimit the longest line, in bytes
  ProductImport(ProductStore store, int lineLimit) {
    this.store = store;
    this.lineLimit = lineLimit;
  }

  void handle(ServerRequest request, ServerResponse response) {
    if (!Bodies.isMediaType(request.headers(), MEDIA_TYPE)) {
      throw new ProblemException(Problem.unsupportedMediaType(MEDIA_TYPE));
    }
    RequestHeaders.refuseCondition(request.headers());
    boolean replace = isReplacing(request.query());
    Optional<String> traceparent = RequestHeaders.traceparent(request.headers());
    ImportReport report = new ImportReport();
    ImportProgress progress = new ImportProgress(request.headers(), response);
    try (InputStream body = Bodies.stream(request)) {
      Lines lines = new Lines(body, lineLimit);
      if (replace) {
        replace(lines, report, progress, traceparent);
      } else {
        run(report, progress, ids -> {}, traceparent).all(lines);
      }
      progress.end(report.json());
    } catch (DatabaseFault e) {
      fail(Endpoint.problem(e), report, progress);
    } catch (ProblemException e) {
      fail(e.problem(), report, progress);
    } catch (ZipException | EOFException e) {
      fail(
          Problem.malformedRequest("The body is not whole gzip: " + e.getMessage()),
          report,
          progress);
    } catch (IOException e) {
      fail(
          Problem.malformedRequest("The body was not read to its end: " + e.getMessage()),
          report,
          progress);
    }
  }

  /// An import at whose end the file and the products are the same; nothing is deleted when a line
  /// failed, because what it was about is not known.
  private void replace(
      Lines lines, ImportReport report, ImportProgress progress, Optional<String> traceparent)
      throws IOException {
    if (!replacing.tryAcquire()) {
      throw new ProblemException(
          Problem.overloaded("Another import with replace=true is under way."));
    }
    try (ImportedIds ids = store.importedIds()) {
      run(report, progress, ids::add, traceparent).all(lines);
      report.deleted(report.isWhole() ? ids.deleteRest(traceparent) : 0);
    } finally {
      replacing.release();
    }
  }

  private ImportRun run(
      ImportReport report,
      ImportProgress progress,
      Consumer<List<String>> ids,
      Optional<String> traceparent) {
    return new ImportRun(store, lineLimit, report, progress, ids, traceparent);
  }

  private static boolean isReplacing(UriQuery query) {
    if (query.isEmpty()) {
      return false;
    }
    if (query.names().equals(Set.of("replace")) && query.all("replace").size() == 1) {
      switch (query.get("replace")) {
        case "true" -> {
          return true;
        }
        case "false" -> {
          return false;
        }
        default -> {}
      }
    }
    throw new ProblemException(
        Problem.malformedRequest("The one parameter is replace, and must be true or false."));
  }

  /// The counts go with the problem, so that the client knows what is done.
  private static void fail(Problem problem, ImportReport report, ImportProgress progress) {
    Problem told = problem.withMembers(report.members());
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
