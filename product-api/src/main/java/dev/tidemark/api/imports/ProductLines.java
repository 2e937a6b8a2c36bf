package dev.tidemark.api.imports;

import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import dev.tidemark.api.problem.Violation;
import dev.tidemark.api.product.Parsed;
import dev.tidemark.api.product.Product;
import dev.tidemark.api.product.ProductReader;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Lines of an import, each read as a product. If the first line shows that the text is no lines of
/// JSON objects, the import ends with a 400. Confined to one thread.
final class ProductLines {

  private static final ProductReader READER = ProductReader.withId();

  private final Lines lines;
  private final int limit;
  private boolean begun;

  /// @param limit of a line, in bytes
  ProductLines(InputStream in, int limit) {
    this.lines = new Lines(in, limit);
    this.limit = limit;
  }

  /// Returns the next line; empty at the end.
  Optional<ImportBatch.Line> next() throws IOException {
    Optional<ImportBatch.Line> next = lines.next().map(this::read);
    if (next.isEmpty() && !begun) {
      throw new ProblemException(
          Problem.malformedRequest(
              "The file holds no products; one JSON object a line is wanted."));
    }
    return next;
  }

  private ImportBatch.Line read(Lines.Line line) {
    if (line.isBlank()) {
      return new ImportBatch.Blank(line.number());
    }
    Parsed parsed =
        line.tooLong()
            ? new Parsed.Invalid(
                List.of(new Violation("", "must not be longer than " + limit + " bytes")))
            : READER.read(line.bytes(), "");
    if (!begun) {
      begun = true;
      refuseOtherForms(line, parsed);
    }
    return switch (parsed) {
      case Parsed.Valid(Product product) ->
          new ImportBatch.Good(line.number(), line.bytes().length, product);
      case Parsed.Invalid(List<Violation> violations) ->
          new ImportBatch.Bad(line.number(), line.bytes().length, violations.getFirst());
      case Parsed.Malformed(String detail, boolean _) ->
          new ImportBatch.Bad(
              line.number(),
              line.bytes().length,
              new Violation("", "must be one JSON object: " + fragment(detail)));
    };
  }

  private static String fragment(String sentence) {
    return sentence.substring(0, 1).toLowerCase(Locale.ROOT)
        + sentence.substring(1, sentence.length() - 1);
  }

  private static void refuseOtherForms(Lines.Line line, Parsed parsed) {
    boolean cut = parsed instanceof Parsed.Malformed(String _, boolean endsEarly) && endsEarly;
    TextForm.ofFirstLine(line.bytes(), cut)
        .ifPresent(
            form -> {
              throw new ProblemException(
                  Problem.malformedRequest(
                      "Line %d %s; one JSON object a line is wanted, in UTF-8."
                          .formatted(line.number(), form)));
            });
  }
}
