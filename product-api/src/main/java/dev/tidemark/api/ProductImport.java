package dev.tidemark.api;

import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
    ImportReport report = new ImportReport();
    try (InputStream body = Bodies.stream(request)) {
      new Run(report, RequestHeaders.traceparent(request.headers()))
          .all(new Lines(body, lineLimit));
    } catch (DatabaseFault e) {
      throw interrupted(report, e);
    } catch (ZipException | java.io.EOFException e) {
      throw cutShort(report, "The body is not whole gzip: " + e.getMessage());
    } catch (IOException e) {
      throw cutShort(report, "The body was not read to its end: " + e.getMessage());
    }
    response.header(Answers.JSON).send(report.json());
  }

  private static ProblemException interrupted(ImportReport report, DatabaseFault fault) {
    return new ProblemException(Endpoint.problem(fault).withMembers(report.members()));
  }

  private static ProblemException cutShort(ImportReport report, String detail) {
    return new ProblemException(Problem.malformedRequest(detail).withMembers(report.members()));
  }

  /// One import. Confined to one thread.
  private final class Run {
    private record Numbered(long line, Product product) {}

    private final ImportReport report;
    private final Optional<String> traceparent;
    private List<Numbered> batch = new ArrayList<>();
    private int lines;
    private long bytes;
    private long lastLine;

    Run(ImportReport report, Optional<String> traceparent) {
      this.report = report;
      this.traceparent = traceparent;
    }

    void all(Lines source) throws IOException {
      for (Optional<Lines.Line> line = source.next(); line.isPresent(); line = source.next()) {
        take(line.get());
        if (lines >= BATCH_LINES || bytes >= BATCH_BYTES) {
          commit();
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
