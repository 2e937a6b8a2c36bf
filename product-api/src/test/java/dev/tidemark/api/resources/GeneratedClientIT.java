package dev.tidemark.api.resources;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.tidemark.api.RunningService;
import dev.tidemark.client.ApiClient;
import dev.tidemark.client.ApiException;
import dev.tidemark.client.ApiResponse;
import dev.tidemark.client.ImportReport;
import dev.tidemark.client.NewProduct;
import dev.tidemark.client.Problem;
import dev.tidemark.client.ProblemType;
import dev.tidemark.client.Product;
import dev.tidemark.client.ProductList;
import dev.tidemark.client.ProductPatch;
import dev.tidemark.client.ProductsApi;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Test of the service with a client that is generated from its description.
final class GeneratedClientIT {

  private static final Pattern NEXT = Pattern.compile("<[^>]*after=([^&>]*)[^>]*>; rel=\"next\"");

  @RegisterExtension
  private static final RunningService api = new RunningService("API_TOKEN", "s3cret");

  private static ApiClient client;
  private static ProductsApi products;

  @BeforeAll
  static void connect() {
    client = client("s3cret");
    products = new ProductsApi(client);
  }

  private static ApiClient client(String token) {
    ApiClient client = new ApiClient();
    client.updateBaseUri(api.uri("").toString());
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token));
    return client;
  }

  private static NewProduct kettle() {
    return new NewProduct()
        .name("Kettle")
        .description("1.7 l")
        .price(new BigDecimal("20.50"))
        .currency("EUR")
        .attributes(Map.of("colour", "red", "litres", 1.7));
  }

  private static ApiException refused(ThrowingCallable call) {
    ApiException refused = catchThrowableOfType(ApiException.class, call);
    assertThat(refused).as("the call is refused").isNotNull();
    return refused;
  }

  private static Problem problem(ThrowingCallable call) {
    ApiException refused = refused(call);
    try {
      Problem problem =
          client.getObjectMapper().readValue(refused.getResponseBody(), Problem.class);
      assertThat(problem.getStatus()).isEqualTo(refused.getCode());
      return problem;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void whatIsCreatedIsRead() throws ApiException {
    ApiResponse<Product> created = products.createProductWithHttpInfo(kettle().id("created"), null);
    assertThat(created.getStatusCode()).isEqualTo(201);
    assertThat(created.getHeaders().get("location")).containsExactly("/products/created");

    Product read = products.getProduct("created", null, null, null, null);
    assertThat(read).isEqualTo(created.getData());
    assertThat(read.getVersion()).isEqualTo(1);
    assertThat(read.getPrice()).isEqualTo("20.50");
    assertThat(read.getAttributes()).containsEntry("litres", 1.7);
    assertThat(read.getUpdatedAt()).isNotNull();
  }

  @Test
  void aCreationIsSentAgainWithItsKey() throws ApiException {
    Product first = products.createProduct(kettle(), "once");
    ApiResponse<Product> again = products.createProductWithHttpInfo(kettle(), "once");
    assertThat(again.getData()).isEqualTo(first);
    assertThat(again.getHeaders().get("idempotency-replayed")).containsExactly("true");
  }

  @Test
  void aReaderWhoHasTheNewestIsToldSo() throws ApiException {
    products.putProduct("known", kettle(), null, null);
    ApiException unchanged = refused(() -> products.getProduct("known", null, "\"1\"", null, null));
    assertThat(unchanged.getCode()).isEqualTo(304);
  }

  @Test
  void aWriterWhoComesTooLateIsToldTheNewestVersion() throws ApiException {
    products.putProduct("shared", kettle(), null, "*");
    products.putProduct("shared", kettle().name("Kettle of one"), "\"1\"", null);
    Problem problem =
        problem(() -> products.putProduct("shared", kettle().name("Of two"), "\"1\"", null));
    assertThat(problem.getType()).isEqualTo(ProblemType.PRECONDITION_FAILED);
    assertThat(problem.getVersion()).isEqualTo(2);
  }

  @Test
  void aPatchChangesWhatItNamesAndRemovesWhatItNamesAsNull() throws ApiException {
    products.putProduct("patched", kettle(), null, null);
    Map<String, Object> attributes = new HashMap<>();
    attributes.put("colour", null);
    attributes.put("power", 2200);
    Product patched =
        products.patchProduct(
            "patched",
            new ProductPatch().price(BigDecimal.ONE).description(null).attributes(attributes),
            null,
            null);
    assertThat(patched.getName()).isEqualTo("Kettle");
    assertThat(patched.getPrice()).isEqualTo("1.00");
    assertThat(patched.getDescription()).isEmpty();
    assertThat(patched.getAttributes()).isEqualTo(Map.of("litres", 1.7, "power", 2200));
  }

  @Test
  void severalAreReadAtOnce() throws ApiException {
    products.putProduct("one", kettle(), null, null);
    products.putProduct("two", kettle(), null, null);
    ProductList list = products.listProducts(List.of("two", "none", "one"), null, null, null);
    assertThat(list.getProducts()).extracting(Product::getId).containsExactly("two", "one");
    assertThat(list.getMissing()).containsExactly("none");
  }

  @Test
  void theLinkLeadsFromPageToPage() throws ApiException {
    List<String> written = List.of("~page-a", "~page-b", "~page-c", "~page-d", "~page-e");
    for (String id : written) {
      products.putProduct(id, kettle(), null, null);
    }
    List<String> read = new ArrayList<>();
    // This is after all products that the other tests write.
    String after = "~page";
    while (after != null) {
      ApiResponse<ProductList> page = products.listProductsWithHttpInfo(null, after, 2, null);
      page.getData().getProducts().forEach(product -> read.add(product.getId()));
      Matcher next =
          NEXT.matcher(String.join(",", page.getHeaders().getOrDefault("link", List.of())));
      after = next.find() ? next.group(1) : null;
    }
    assertThat(read).isEqualTo(written);
  }

  @Test
  void anImportReportsEachLineThatFailed() throws ApiException {
    ImportReport report =
        products.importProducts(
            """
            {"id":"line-1","name":"Mug","price":4,"currency":"EUR"}
            {"id":"line-2","name":"Mug","price":"x","currency":"EUR"}
            """,
            null,
            null);
    assertThat(report.getCreated()).isEqualTo(1);
    assertThat(report.getFailed()).isEqualTo(1);
    assertThat(report.getErrors()).hasSize(1);
    assertThat(report.getErrors().getFirst().getLine()).isEqualTo(2);
    assertThat(report.getErrors().getFirst().getField()).isEqualTo("price");
  }

  @Test
  void whatIsDeletedIsNotFound() throws ApiException {
    products.putProduct("gone", kettle(), null, null);
    products.deleteProduct("gone", null, null);
    assertThat(problem(() -> products.getProduct("gone", null, null, null, null)).getType())
        .isEqualTo(ProblemType.PRODUCT_NOT_FOUND);
  }

  @Test
  void eachRuleThatAProductBreaksIsTold() {
    Problem problem =
        problem(
            () ->
                products.putProduct(
                    "wrong", kettle().price(new BigDecimal("-1")).currency("XX"), null, null));
    assertThat(problem.getType()).isEqualTo(ProblemType.INVALID_PRODUCT);
    assertThat(problem.getErrors())
        .extracting(dev.tidemark.client.Violation::getField)
        .containsExactlyInAnyOrder("price", "currency");
  }

  @Test
  void aWriteWithAnotherTokenIsRefused() {
    ProductsApi stranger = new ProductsApi(client("guessed"));
    assertThat(problem(() -> stranger.putProduct("x", kettle(), null, null)).getType())
        .isEqualTo(ProblemType.UNAUTHORIZED);
  }
}
