package dev.tidemark.api.imports;

import dev.tidemark.api.problem.Violation;
import dev.tidemark.api.product.Product;
import java.util.ArrayList;
import java.util.List;

/// Lines of an import that are written together. Confined to one thread.
final class ImportBatch {

  /// A line that was read, in the order of the file.
  sealed interface Line {
    /// From 1.
    long number();

    /// In bytes.
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

  /// A batch of long lines is closed sooner, so that an import takes a bounded part of the memory.
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

  /// All that was added, save blank ones.
  List<Line> lines() {
    return lines;
  }

  List<Product> products() {
    return lines.stream()
        .filter(Good.class::isInstance)
        .map(line -> ((Good) line).product())
        .toList();
  }

  /// The last line that was added, blank ones too.
  long lastLine() {
    return lastLine;
  }
}
