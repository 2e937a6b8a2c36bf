package dev.tidemark.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/// A description in OpenAPI 3.1, with queries about its content.
final class OpenApiDocument {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Set<String> METHODS =
      Set.of("get", "head", "put", "post", "patch", "delete");

  private final SchemaRegistry schemas =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
  private final JsonNode root;

  OpenApiDocument(String json) {
    try {
      root = JSON.readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  JsonNode root() {
    return root;
  }

  Set<String> paths() {
    return names(root.get("paths"));
  }

  /// Returns the methods, in upper case.
  Set<String> methods(String path) {
    return names(root.get("paths").get(path)).stream()
        .filter(METHODS::contains)
        .map(name -> name.toUpperCase(java.util.Locale.ROOT))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private JsonNode operation(String path, String method) {
    return root.get("paths").get(path).get(method.toLowerCase(java.util.Locale.ROOT));
  }

  Set<String> statuses(String path, String method) {
    return names(operation(path, method).get("responses"));
  }

  JsonNode response(String path, String method, int status) {
    return resolved(operation(path, method).get("responses").get(Integer.toString(status)));
  }

  /// Returns the parameters of the operation, such as `query limit`.
  Set<String> parameters(String path, String method) {
    return StreamSupport.stream(operation(path, method).path("parameters").spliterator(), false)
        .map(this::resolved)
        .map(parameter -> parameter.get("in").asText() + " " + parameter.get("name").asText())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private JsonNode resolved(JsonNode node) {
    return node != null && node.has("$ref")
        ? root.at(node.get("$ref").asText().substring(1))
        : node;
  }

  /// Returns the violations of a schema of this document by a text.
  List<String> violations(JsonNode schema, String json) {
    ObjectNode whole = schema.deepCopy();
    whole.set("components", root.get("components"));
    return schemas
        .getSchema(whole.toString(), InputFormat.JSON)
        .validate(json, InputFormat.JSON)
        .stream()
        .map(Object::toString)
        .toList();
  }

  static Set<String> names(JsonNode node) {
    Set<String> names = new TreeSet<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  static Set<String> set(String... texts) {
    return new TreeSet<>(Arrays.asList(texts));
  }
}
