package dev.tidemark.api.imports;

import dev.tidemark.api.problem.Violation;
import dev.tidemark.api.product.Product;
import java.util.ArrayList;
import java.util.List;

/// Lines of an import that are written together. Confined to one thread.
final class ImportBatch {

  /// A line that was read, in the order of the file.
  sealed interface Line {
    /// Returns the number, from 1.
    long number();

    /// Returns the length in bytes.
    int length();
  }

  record Good(long number, int length, Product product) implements Line {}

  record Bad(long number, int length, Violation violation) implements Line {}

  record Blank(long number) implements Line {
    @Override
    public int length() {
      return 0;
    }
  }

  private static final int MOST_LINES = 500;

  /// Size at which a batch is closed, so that an import of long lines takes a bounded part of the
  /// memory.
  private static final int MOST_BYTES = 2 * 1024 * 1024;

  private final List<Line> lines = new ArrayList<>();
  private int taken;
  private long bytes;
  private long lastLine;

  void add(Line line) {
    taken++;
    bytes += line.length();
    lastLine = line.number();
    if (!(line instanceof Blank)) {
      lines.add(line);
    }
  }

  boolean isEmpty() {
    return taken == 0;
  }

  boolean isFull() {
    return taken >= MOST_LINES || bytes >= MOST_BYTES;
  }

  /// Returns all lines that were added, except blank ones.
  List<Line> lines() {
    return lines;
  }

  List<Product> products() {
    return lines.stream()
        .filter(Good.class::isInstance)
        .map(line -> ((Good) line).product())
        .toList();
  }

  /// Returns the number of the last line that was added, including blank ones.
  long lastLine() {
    return lastLine;
  }
}
