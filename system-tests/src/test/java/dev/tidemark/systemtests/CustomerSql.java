package dev.tidemark.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Objects;

/// SQL of a service with customers.
final class CustomerSql {
  static final String TABLE = read("table.sql");
  static final String FIND = read("find.sql");
  static final String WRITE = read("write.sql");
  static final String DELETE = read("delete.sql");
  static final String PLAIN_UPDATE = read("plain-update.sql");

  /// Settings of the relay and the invalidator for the customers.
  static final String SETTINGS = read("settings.env");

  private CustomerSql() {}

  private static String read(String name) {
    try (var in = CustomerSql.class.getResourceAsStream("/customer/" + name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
