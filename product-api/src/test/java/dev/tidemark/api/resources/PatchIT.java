package dev.tidemark.api.resources;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Tests of `PATCH /products/{id}`.
final class PatchIT {

  private static final String CHAIR =
      "{'name':'Chair','description':'old','price':12.5,'currency':'EUR',"
          + "'attributes':{'legs':4,'seat':{'colour':'red','wide':true}}}";

  @RegisterExtension private static final RunningService api = new RunningService();

  @Test
  void whatThePatchNamesIsChangedAndTheRestStays() {
    api.put("/products/some", CHAIR);
    Answer patched =
        api.patch(
            "/products/some",
            "{'price':13,'description':null,'attributes':{'legs':null,'seat':{'colour':'blue'},'n':[1]}}");
    assertThat(patched.status()).isEqualTo(200);
    assertThat(patched.header("ETag")).isEqualTo("\"2\"");
    assertThat(patched.json().get("name").asText()).isEqualTo("Chair");
    assertThat(patched.json().get("description").asText()).isEmpty();
    assertThat(patched.json().get("price").decimalValue()).isEqualByComparingTo("13");
    assertThat(patched.json().get("attributes").toString())
        .isEqualTo("{\"n\":[1],\"seat\":{\"wide\":true,\"colour\":\"blue\"}}");
    assertThat(api.get("/products/some").text()).isEqualTo(patched.text());
    assertThat(api.events("some")).containsExactly("1 product.created", "2 product.updated");
  }

  @Test
  void aPatchThatChangesNothingWritesNothing() {
    api.put("/products/same", CHAIR);
    Answer patched = api.patch("/products/same", "{'name':'Chair','attributes':{}}");
    assertThat(patched.status()).isEqualTo(200);
    assertThat(patched.header("ETag")).isEqualTo("\"1\"");
    assertThat(api.events("same")).hasSize(1);
  }

  @Test
  void thereMustBeAProduct() {
    assertThat(api.patch("/products/never", "{'name':'A'}").problem())
        .isEqualTo("product-not-found");
    assertThat(api.patch("/products/a%20b", "{'name':'A'}").problem())
        .isEqualTo("product-not-found");
    api.put("/products/deleted", CHAIR);
    api.delete("/products/deleted");
    assertThat(api.patch("/products/deleted", "{'name':'A'}").status()).isEqualTo(404);
    assertThat(api.events("deleted")).hasSize(2);
  }

  @Test
  void conditionsAreThoseOfAPut() {
    api.put("/products/if", CHAIR);
    assertThat(api.patch("/products/if", "{'name':'B'}", "If-Match", "\"2\"").problem())
        .isEqualTo("precondition-failed");
    assertThat(api.patch("/products/if", "{'name':'B'}", "If-None-Match", "*").status())
        .isEqualTo(412);
    assertThat(api.patch("/products/if", "{'name':'B'}", "If-Match", "\"1\"").status())
        .isEqualTo(200);
    assertThat(api.events("if")).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {'name':null}                   | name       | is required
          {'price':'1'}                   | price      | must be a number
          {'id':'other'}                  | id         | must be that of the path
          {'id':null}                     | id         | is required
          {'attributes':null,'colour':1}  | colour     | is not a field of a product
          {'attributes':[1]}              | attributes | must be an object
          {'attributes':{'a':'\\ud800'}}  | attributes | must not contain NUL or half of a surrogate pair
          {'attributes':{'a':1e400}}      | attributes | must not contain a number of more than 100 digits
          """)
  void theResultMustBeAProduct(String patch, String field, String rule) {
    api.put("/products/rules", CHAIR);
    Answer answer = api.patch("/products/rules", patch);
    assertThat(answer.status()).isEqualTo(422);
    assertThat(answer.problem()).isEqualTo("invalid-product");
    assertThat(answer.json().get("errors")).hasSize(1);
    assertThat(answer.json().get("errors").get(0).get("field").asText()).isEqualTo(field);
    assertThat(answer.json().get("errors").get(0).get("rule").asText()).isEqualTo(rule);
    assertThat(api.events("rules")).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``
          []
          null
          "name"
          {'name':'A'
          {'name':'A','name':'B'}
          {'name':'A'} x
          """)
  void thePatchMustBeAJsonObject(String patch) {
    Answer answer = api.patch("/products/any", patch);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.problem()).isEqualTo("malformed-json");
  }

  @Test
  void anotherMediaTypeIsRefusedWithTheOneThatIsTaken() {
    Answer answer =
        api.send(
            "PATCH",
            "/products/any",
            java.net.http.HttpRequest.BodyPublishers.ofString("{}"),
            "Content-Type",
            "application/json-patch+json");
    assertThat(answer.problem()).isEqualTo("unsupported-media-type");
    assertThat(answer.header("Accept-Patch")).isEqualTo("application/merge-patch+json");
  }
}
