package dev.tidemark.devstack.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// The few hundred products that this project ships: one JSON object per line, as `import` reads
/// them.
final class SampleCatalogue {
  private static final String RESOURCE = "catalogue.ndjson";
  private static final ObjectMapper JSON = new ObjectMapper();

  private SampleCatalogue() {}

  static InputStream open() {
    InputStream in = SampleCatalogue.class.getResourceAsStream(RESOURCE);
    if (in == null) {
      throw new IllegalStateException(RESOURCE + " is not on the class path");
    }
    return in;
  }

  static List<DemoProduct> products() {
    try (BufferedReader reader =
        new BufferedReader(new InputStreamReader(open(), StandardCharsets.UTF_8))) {
      return reader.lines().map(SampleCatalogue::product).toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the sample catalogue", e);
    }
  }

  private static DemoProduct product(String line) {
    try {
      return new DemoProduct(JSON.readTree(line).required("id").asText(), line);
    } catch (IOException e) {
      throw new UncheckedIOException("the sample catalogue has a line that is no product", e);
    }
  }
}
