package dev.tidemark.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemark.api.RunningService.Answer;
import dev.tidemark.api.problem.ProblemType;
import io.helidon.http.Method;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Comparison of `/openapi` with the behaviour of the service.
final class OpenApiIT {

  private static final String TOKEN = "Bearer s3cret";
  private static final String JSON = "application/json";
  private static final String PATCH = "application/merge-patch+json";
  private static final String LINES = "application/x-ndjson";
  private static final String CHAIR = "{\"name\":\"Chair\",\"price\":12.5,\"currency\":\"EUR\"}";
  private static final String NAMED =
      "{\"id\":\"named\",\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}";
  private static final String OTHER = NAMED.replace("named", "other");

  /// Statuses that other tests show: a silent client, a defect, a database that is away.
  private static final Set<String> NOT_HERE = Set.of("408", "500", "503");

  @RegisterExtension
  private static final RunningService api =
      new RunningService("API_TOKEN", "s3cret", "TIDEMARK_API_BODY_LIMIT_BYTES", "2048");

  private static OpenApiDocument document;

  @BeforeAll
  static void read() {
    document = new OpenApiDocument(api.get("/openapi").text());
  }

  @Test
  void itIsServedAsTheSpecificationOfTheApi() {
    Answer answer = api.get("/openapi");
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.header("Content-Type")).isEqualTo(JSON);
    assertThat(answer.json().get("openapi").asText()).startsWith("3.1.");
  }

  @Test
  void aPublicParserFindsNoFault() {
    SwaggerParseResult result =
        new OpenAPIV3Parser().readContents(document.root().toString(), null, null);
    assertThat(result.getMessages()).isEmpty();
    assertThat(result.getOpenAPI().getPaths()).hasSameSizeAs(document.paths());
    assertThat(result.getOpenAPI().getPaths().get("/products/{id}").getPatch()).isNotNull();
  }

  @Test
  void itHasEachPathAndMethodOfTheCodeAndNoOther() {
    Configuration configuration =
        Configuration.from(
            Map.of("DATABASE_URL", "postgresql://u@localhost/d", "REDIS_URL", "redis://localhost"));
    Map<String, Set<String>> code = new TreeMap<>();
    ApiServer.resources(configuration, null, null)
        .forEach(
            (path, methods) ->
                code.put(
                    path,
                    methods.keySet().stream()
                        .map(Method::text)
                        .collect(Collectors.toCollection(TreeSet::new))));
    Map<String, Set<String>> described = new TreeMap<>();
    document.paths().forEach(path -> described.put(path, document.methods(path)));
    // The other methods at this path apply to the product with this id.
    described.get("/products/import").addAll(document.methods("/products/{id}"));
    assertThat(described).isEqualTo(code);
  }

  @Test
  void itNamesEachTypeOfProblem() {
    List<String> types = new ArrayList<>();
    document
        .root()
        .at("/components/schemas/ProblemType/enum")
        .forEach(type -> types.add(type.asText()));
    assertThat(types)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(ProblemType.values()).map(ProblemType::uri).toList());
  }

  @Test
  void itsExamplesAreWhatItsSchemasAsk() {
    List<String> faults = new ArrayList<>();
    int checked =
        examples(document.root().get("paths"), faults)
            + examples(document.root().get("components"), faults);
    assertThat(faults).isEmpty();
    assertThat(checked).isGreaterThan(20);
  }

  /// Checks each `example` and `examples` beside a schema, and returns their number.
  private static int examples(JsonNode node, List<String> faults) {
    int checked = 0;
    if (node.has("schema") && node.has("example") && node.get("schema").isObject()) {
      checked++;
      document
          .violations(node.get("schema"), node.get("example").toString())
          .forEach(fault -> faults.add(node.get("example") + ": " + fault));
    }
    if (node.has("type") && node.path("examples").isArray()) {
      for (JsonNode example : node.get("examples")) {
        checked++;
        document
            .violations(node, example.toString())
            .forEach(fault -> faults.add(example + ": " + fault));
      }
    }
    for (JsonNode child : node) {
      checked += examples(child, faults);
    }
    return checked;
  }

  /// @param path as the document has it
  /// @param target as it is asked for
  @SuppressWarnings("ArrayRecordComponent") // handed on, never changed
  private record Call(
      int status, String method, String path, String target, String body, String... headers) {}

  private static List<Call> calls() {
    String one = "/products/{id}";
    String all = "/products";
    String lines = "/products/import";
    List<Call> calls = new ArrayList<>();
    calls.add(new Call(201, "PUT", one, "/products/a", CHAIR, "Content-Type", JSON));
    calls.add(new Call(200, "PUT", one, "/products/a", CHAIR, "Content-Type", JSON));
    calls.add(new Call(400, "PUT", one, "/products/a", "{", "Content-Type", JSON));
    calls.add(
        new Call(
            401, "PUT", one, "/products/a", CHAIR, "Content-Type", JSON, "Authorization", "x"));
    calls.add(
        new Call(412, "PUT", one, "/products/a", CHAIR, "Content-Type", JSON, "If-Match", "\"9\""));
    calls.add(
        new Call(
            412, "PUT", one, "/products/a", CHAIR, "Content-Type", JSON, "If-None-Match", "*"));
    calls.add(new Call(413, "PUT", one, "/products/a", "x".repeat(2049), "Content-Type", JSON));
    calls.add(new Call(415, "PUT", one, "/products/a", CHAIR, "Content-Type", "text/plain"));
    calls.add(new Call(422, "PUT", one, "/products/a", "{}", "Content-Type", JSON));
    for (String method : List.of("GET", "HEAD")) {
      calls.add(new Call(200, method, one, "/products/a", "", "Cache-Control", "no-cache"));
      calls.add(new Call(304, method, one, "/products/a", "", "If-None-Match", "\"1\""));
      calls.add(new Call(400, method, one, "/products/a", "", "Min-Version", "x"));
      calls.add(new Call(404, method, one, "/products/none", ""));
      calls.add(new Call(412, method, one, "/products/a", "", "If-Match", "\"9\""));
      calls.add(
          new Call(200, method, all, "/products?ids=a,none", "", "Cache-Control", "no-cache"));
      calls.add(new Call(200, method, all, "/products?after=.a&limit=1", ""));
      calls.add(new Call(400, method, all, "/products?limit=0", ""));
      calls.add(new Call(200, method, "/openapi", "/openapi", ""));
      calls.add(new Call(200, method, "/", "/", ""));
      calls.add(new Call(400, method, "/", "/", "", "Long", "x".repeat(17_000)));
      calls.add(new Call(400, method, "/openapi", "/openapi", "", "Long", "x".repeat(17_000)));
    }
    calls.add(new Call(200, "PATCH", one, "/products/a", "{\"price\":3}", "Content-Type", PATCH));
    calls.add(new Call(400, "PATCH", one, "/products/a", "[]", "Content-Type", PATCH));
    calls.add(
        new Call(
            401, "PATCH", one, "/products/a", "{}", "Content-Type", PATCH, "Authorization", "x"));
    calls.add(new Call(404, "PATCH", one, "/products/none", "{}", "Content-Type", PATCH));
    calls.add(
        new Call(
            412, "PATCH", one, "/products/a", "{}", "Content-Type", PATCH, "If-Match", "\"9\""));
    calls.add(
        new Call(
            412, "PATCH", one, "/products/a", "{}", "Content-Type", PATCH, "If-None-Match", "*"));
    calls.add(new Call(413, "PATCH", one, "/products/a", "x".repeat(2049), "Content-Type", PATCH));
    calls.add(new Call(415, "PATCH", one, "/products/a", "{}", "Content-Type", JSON));
    calls.add(new Call(422, "PATCH", one, "/products/a", "{\"price\":-1}", "Content-Type", PATCH));
    calls.add(new Call(400, "DELETE", one, "/products/a", "", "If-Match", "9"));
    calls.add(new Call(401, "DELETE", one, "/products/a", "", "Authorization", "x"));
    calls.add(new Call(404, "DELETE", one, "/products/none", ""));
    calls.add(new Call(412, "DELETE", one, "/products/a", "", "If-None-Match", "\"2\""));
    calls.add(new Call(204, "DELETE", one, "/products/a", ""));
    calls.add(new Call(201, "POST", all, all, NAMED, "Content-Type", JSON, "Idempotency-Key", "k"));
    calls.add(new Call(201, "POST", all, all, NAMED, "Content-Type", JSON, "Idempotency-Key", "k"));
    calls.add(new Call(400, "POST", all, all, "x", "Content-Type", JSON));
    calls.add(new Call(401, "POST", all, all, NAMED, "Content-Type", JSON, "Authorization", "x"));
    calls.add(new Call(409, "POST", all, all, NAMED, "Content-Type", JSON));
    calls.add(new Call(413, "POST", all, all, "x".repeat(2049), "Content-Type", JSON));
    calls.add(new Call(415, "POST", all, all, NAMED, "Content-Type", "text/plain"));
    calls.add(new Call(422, "POST", all, all, CHAIR, "Content-Type", JSON, "Idempotency-Key", "k"));
    calls.add(new Call(200, "POST", lines, lines, NAMED + "\nx\n", "Content-Type", LINES));
    calls.add(new Call(200, "POST", lines, lines + "?replace=true", NAMED, "Content-Type", LINES));
    calls.add(new Call(409, "POST", lines, lines + "?replace=true", OTHER, "Content-Type", LINES));
    calls.add(
        new Call(
            200,
            "POST",
            lines,
            lines + "?replace=true&confirm-delete=1",
            OTHER,
            "Content-Type",
            LINES));
    calls.add(new Call(400, "POST", lines, lines + "?replace=x", NAMED, "Content-Type", LINES));
    calls.add(
        new Call(401, "POST", lines, lines, NAMED, "Content-Type", LINES, "Authorization", "x"));
    calls.add(new Call(415, "POST", lines, lines, NAMED, "Content-Type", JSON));
    return calls;
  }

  /// Comparison in both directions: no answer lacks a description, and no description lacks an
  /// answer.
  @Test
  void whatIsAnsweredIsDescribedAndWhatIsDescribedIsAnswered() {
    Map<String, Set<String>> statuses = new TreeMap<>();
    Map<String, Set<String>> parameters = new TreeMap<>();
    for (Call call : calls()) {
      String operation = call.method() + " " + call.path();
      Answer answer = send(call);
      assertThat(answer.status()).as(call.toString() + answer.text()).isEqualTo(call.status());
      assertThat(violations(call, answer)).as(call.toString()).isEmpty();
      statuses.computeIfAbsent(operation, o -> new TreeSet<>()).add("" + call.status());
      parameters.computeIfAbsent(operation, o -> new TreeSet<>()).addAll(parameters(call));
    }
    for (String path : document.paths()) {
      for (String method : document.methods(path)) {
        String operation = method + " " + path;
        Set<String> described = document.statuses(path, method);
        described.removeAll(NOT_HERE);
        assertThat(statuses.get(operation)).as(operation).isEqualTo(described);
        assertThat(parameters.get(operation))
            .as(operation)
            .containsAll(document.parameters(path, method));
      }
    }
  }

  private static Answer send(Call call) {
    List<String> headers = new ArrayList<>(List.of(call.headers()));
    if (!headers.contains("Authorization")) {
      headers.addAll(List.of("Authorization", TOKEN));
    }
    return api.send(
        call.method(),
        call.target(),
        call.body().isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(call.body()),
        headers.toArray(String[]::new));
  }

  private static List<String> violations(Call call, Answer answer) {
    JsonNode response = document.response(call.path(), call.method(), answer.status());
    if (response == null) {
      return List.of("status " + answer.status() + " is not described");
    }
    List<String> violations = new ArrayList<>();
    for (String header :
        List.of(
            "ETag",
            "Location",
            "Cache-Status",
            "Link",
            "Retry-After",
            "Accept-Patch",
            "WWW-Authenticate",
            "Idempotency-Replayed")) {
      boolean described = response.path("headers").has(header) || answer.status() >= 400;
      if (!answer.header(header).isEmpty() && !described) {
        violations.add(header + " is not described");
      }
    }
    if (answer.text().isEmpty()) {
      if (response.has("content") && !call.method().equals("HEAD")) {
        violations.add("there is no body");
      }
      return violations;
    }
    JsonNode content = response.path("content").path(answer.header("Content-Type"));
    if (content.isMissingNode()) {
      violations.add("a body of " + answer.header("Content-Type") + " is not described");
    } else {
      violations.addAll(document.violations(content.get("schema"), answer.text()));
    }
    return violations;
  }

  private static Set<String> parameters(Call call) {
    Set<String> names = new TreeSet<>();
    int query = call.target().indexOf('?');
    if (query >= 0) {
      for (String part : call.target().substring(query + 1).split("&", -1)) {
        names.add("query " + part.substring(0, part.indexOf('=')));
      }
    }
    for (int i = 0; i < call.headers().length; i += 2) {
      names.add("header " + call.headers()[i]);
    }
    return names;
  }
}
