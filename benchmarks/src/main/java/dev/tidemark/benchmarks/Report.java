package dev.tidemark.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Results of a benchmark: a line of figures for each case that it measured.
///
/// @param settings settings that the reader needs to distinguish one run from another
record Report(String benchmark, Row settings, List<Row> rows) {

  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN).build();

  Report {
    rows = List.copyOf(rows);
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(benchmark + " measured nothing");
    }
  }

  /// Returns one line: `{"benchmark":…,"machine":{…},"settings":{…},"results":[{…},…]}`.
  String json() {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("benchmark", benchmark);
    line.put("machine", machine());
    line.put("settings", settings.figures());
    line.put("results", rows.stream().map(Row::figures).toList());
    try {
      return JSON.writeValueAsString(line);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Returns the results for people: the names of the figures, then a line for each row.
  String table() {
    List<String> names = List.copyOf(rows.getFirst().figures().keySet());
    List<Integer> widths = names.stream().map(this::width).toList();
    String heading =
        IntStream.range(0, names.size())
            .mapToObj(i -> pad(names.get(i), widths.get(i)))
            .collect(Collectors.joining("  "));
    String lines =
        rows.stream()
            .map(
                row ->
                    IntStream.range(0, names.size())
                        .mapToObj(i -> pad(cell(row, names.get(i)), widths.get(i)))
                        .collect(Collectors.joining("  ")))
            .collect(Collectors.joining("\n"));
    return heading + "\n" + lines + "\n";
  }

  private int width(String name) {
    return rows.stream().mapToInt(row -> cell(row, name).length()).reduce(name.length(), Math::max);
  }

  private static String cell(Row row, String name) {
    return switch (row.figures().get(name)) {
      case null -> "";
      case BigDecimal figure -> figure.toPlainString();
      case Object other -> other.toString();
    };
  }

  private static String pad(String text, int width) {
    return " ".repeat(width - text.length()) + text;
  }

  private static Map<String, Object> machine() {
    return new Row()
        .with("processors", Runtime.getRuntime().availableProcessors())
        .with("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"))
        .with("java", Runtime.version().toString())
        .figures();
  }
}
