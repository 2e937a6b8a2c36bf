package dev.tidemark.api;

import io.helidon.common.uri.UriQuery;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.zip.ZipException;

/// Answers `POST /products/import`: takes a product from each line as the lines come in, and writes
/// them in batches, each a transaction. What was committed stays when a later line, the client or
/// the database fails; sending the whole again writes only what is missing. Thread-safe.
///
/// The cache is not told: a batch would cost a round trip per product, and the outbox does it.
final class ProductImport {

  static final String MEDIA_TYPE = "application/x-ndjson";

  private static final int BATCH_LINES = 500;

  /// A batch of long lines is closed sooner, so that an import takes a bounded part of the memory.
  private static final int BATCH_BYTES = 4 * 1024 * 1024;

  private final ProductStore store;
  private final int lineLimit;
  private final ProductReader reader = ProductReader.withId();

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
        new Run(report, progress, ids -> {}, traceparent).all(lines);
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
    try (ImportedIds ids = store.importedIds()) {
      new Run(report, progress, ids::add, traceparent).all(lines);
      report.deleted(report.isWhole() ? ids.deleteRest(traceparent) : 0);
    }
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

  /// One import. Confined to one thread.
  private final class Run {
    private record Numbered(long line, Product product) {}

    private final ImportReport report;
    private final ImportProgress progress;
    private final Consumer<List<String>> ids;
    private final Optional<String> traceparent;
    private List<Numbered> batch = new ArrayList<>();
    private int lines;
    private long bytes;
    private long lastLine;

    /// @param ids is told the ids of each batch before it is written
    Run(
        ImportReport report,
        ImportProgress progress,
        Consumer<List<String>> ids,
        Optional<String> traceparent) {
      this.report = report;
      this.progress = progress;
      this.ids = ids;
      this.traceparent = traceparent;
    }

    void all(Lines source) throws IOException {
      for (Optional<Lines.Line> line = source.next(); line.isPresent(); line = source.next()) {
        take(line.get());
        if (lines >= BATCH_LINES || bytes >= BATCH_BYTES) {
          commit();
          progress.tell(report);
        }
      }
      commit();
    }

    private void take(Lines.Line line) {
      lines++;
      bytes += line.bytes().length;
      lastLine = line.number();
      if (line.tooLong()) {
        report.failed(
            line.number(), new Violation("", "must not be longer than " + lineLimit + " bytes"));
      } else if (!line.isBlank()) {
        switch (reader.read(line.bytes(), "")) {
          case Parsed.Valid(Product product) -> batch.add(new Numbered(line.number(), product));
          case Parsed.Invalid(List<Violation> violations) ->
              report.failed(line.number(), violations.getFirst());
          case Parsed.Malformed(String detail) ->
              report.failed(line.number(), new Violation("", "must be JSON: " + detail));
        }
      }
    }

    private void commit() {
      List<Numbered> products = batch;
      batch = new ArrayList<>();
      lines = 0;
      bytes = 0;
      if (!products.isEmpty()) {
        ids.accept(products.stream().map(numbered -> numbered.product().id()).toList());
        try {
          report.committed(
              store.writeAll(products.stream().map(Numbered::product).toList(), traceparent),
              lastLine);
        } catch (DatabaseFault e) {
          if (e.kind() != DatabaseFault.Kind.REFUSED) {
            throw e;
          }
          oneByOne(products);
        }
      }
    }

    /// For a batch with a value that only the database finds fault with.
    private void oneByOne(List<Numbered> products) {
      for (Numbered numbered : products) {
        try {
          report.committed(
              store.writeAll(List.of(numbered.product()), traceparent), numbered.line());
        } catch (DatabaseFault e) {
          if (e.kind() != DatabaseFault.Kind.REFUSED) {
            throw e;
          }
          report.failed(
              numbered.line(), new Violation("", "is refused by the database: " + e.getMessage()));
        }
      }
    }
  }
}
