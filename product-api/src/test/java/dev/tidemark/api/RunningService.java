package dev.tidemark.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemark.db.Migration;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.PostgresTemplate;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.service.settings.DatabaseUrl;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// The service on a PostgreSQL and a Redis of its own, for the tests of one class, with a client.
public final class RunningService implements BeforeAllCallback, AfterAllCallback {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final PostgresTemplate MIGRATED =
      new PostgresTemplate(
          server -> new Migration(DatabaseUrl.parse(server.url()), step -> {}).run());

  private final Map<String, String> settings = new HashMap<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private Path folder;
  private PostgresServer postgres;
  private RedisServer redis;
  private Service service;
  private Jdbi sql;

  /// @param settings in pairs: name, value
  public RunningService(String... settings) {
    for (int i = 0; i < settings.length; i += 2) {
      this.settings.put(settings[i], settings[i + 1]);
    }
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    folder = Files.createTempDirectory("product-api-");
    postgres = MIGRATED.start(folder.resolve("postgres"));
    redis = RedisServer.start(folder.resolve("redis"), 0);
    sql = Jdbi.create(DatabaseUrl.parse(postgres.url()).dataSource("test"));
    start();
  }

  private void start() {
    Map<String, String> environment = new HashMap<>();
    // A busy machine answers late, and the tests check outcomes.
    environment.put("TIDEMARK_API_REDIS_TIMEOUT_MS", "2000");
    environment.put("TIDEMARK_API_DRAIN_SECONDS", "0");
    environment.put("DATABASE_URL", postgres.url());
    environment.put("DATABASE_USER", "tidemark_api");
    environment.put("REDIS_URL", redis.url());
    environment.put("TIDEMARK_API_PORT", "0");
    environment.put("TIDEMARK_API_ADMIN_PORT", "0");
    environment.putAll(settings);
    service = Service.start(Configuration.from(environment));
  }

  /// Starts one more service, with settings of its own, on the servers of this one. The caller
  /// closes its [#service].
  public RunningService beside(String... otherSettings) {
    RunningService other = new RunningService(otherSettings);
    other.postgres = postgres;
    other.redis = redis;
    other.start();
    return other;
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    service.close();
    redis.close();
    postgres.close();
    client.close();
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  public PostgresServer postgres() {
    return postgres;
  }

  public RedisServer redis() {
    return redis;
  }

  public Service service() {
    return service;
  }

  /// Returns the database as superuser, bypassing the service.
  public Jdbi sql() {
    return sql;
  }

  public Connection connect() throws SQLException {
    return DatabaseUrl.parse(postgres.url()).dataSource("test").getConnection();
  }

  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + service.port() + path);
  }

  public Answer get(String path, String... headers) {
    return send("GET", path, BodyPublishers.noBody(), headers);
  }

  public Answer delete(String path, String... headers) {
    return send("DELETE", path, BodyPublishers.noBody(), headers);
  }

  /// Puts a product.
  ///
  /// @param json single quotes stand for double ones
  public Answer put(String path, String json, String... headers) {
    return sendJson("PUT", "application/json", path, json, headers);
  }

  public Answer patch(String path, String json, String... headers) {
    return sendJson("PATCH", "application/merge-patch+json", path, json, headers);
  }

  public Answer post(String path, String json, String... headers) {
    return sendJson("POST", "application/json", path, json, headers);
  }

  private Answer sendJson(
      String method, String mediaType, String path, String json, String... headers) {
    String[] all = new String[headers.length + 2];
    all[0] = "Content-Type";
    all[1] = mediaType;
    System.arraycopy(headers, 0, all, 2, headers.length);
    return send(method, path, BodyPublishers.ofString(json.replace('\'', '"')), all);
  }

  public Answer send(String method, String path, BodyPublisher body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri(path)).method(method, body).timeout(Duration.ofSeconds(60));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return send(request.build());
  }

  public Answer admin(String path) {
    return send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + service.adminPort() + path))
            .build());
  }

  private Answer send(HttpRequest request) {
    try {
      return new Answer(client.send(request, BodyHandlers.ofString()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// Returns the events of a product, oldest first: version and type.
  public List<String> events(String id) {
    return texts(
        "select version || ' ' || type from outbox where aggregateid = '%s' order by version, type"
            .formatted(id));
  }

  /// Returns the first column of a query's answer.
  public List<String> texts(String query) {
    return sql.withHandle(handle -> handle.createQuery(query).mapTo(String.class).list());
  }

  public record Answer(HttpResponse<String> response) {
    public int status() {
      return response.statusCode();
    }

    public String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    public String text() {
      return response.body();
    }

    public JsonNode json() {
      try {
        return JSON.readTree(response.body());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /// Returns the end of a problem's type.
    public String problem() {
      if (!header("Content-Type").equals("application/problem+json")) {
        throw new AssertionError("no problem, but " + response + " " + response.body());
      }
      return json().get("type").asText().replace("urn:tidemark:problem:", "");
    }
  }
}
