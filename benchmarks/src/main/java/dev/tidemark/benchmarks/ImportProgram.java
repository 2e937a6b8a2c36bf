package dev.tidemark.benchmarks;

import dev.tidemark.embedded.Ports;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The API as a process of its own, and the one request that is used here. Confined to one thread.
final class ImportProgram implements AutoCloseable {

  private static final Duration START = Duration.ofSeconds(60);

  private final CarrierProcess process;
  private final URI uri;
  private final HttpClient client = HttpClient.newHttpClient();

  private ImportProgram(CarrierProcess process, URI uri) {
    this.process = process;
    this.uri = uri;
  }

  static ImportProgram start(Workbench bench, String databaseUrl, String redisUrl)
      throws InterruptedException {
    bench.say("starting the API");
    int port = Ports.free();
    int adminPort = Ports.free();
    Map<String, String> environment = new HashMap<>();
    environment.put("DATABASE_URL", databaseUrl);
    environment.put("DATABASE_USER", "tidemark_api");
    environment.put("REDIS_URL", redisUrl);
    environment.put("TIDEMARK_API_PORT", Integer.toString(port));
    environment.put("TIDEMARK_API_ADMIN_PORT", Integer.toString(adminPort));
    CarrierProcess process =
        CarrierProcess.start(
            "product-api",
            List.of("-XX:+UseSerialGC", "-Xmx512m"),
            List.of("dev.tidemark.api.Main"),
            environment,
            bench.folder("product-api.log"));
    HttpClient client = HttpClient.newHttpClient();
    URI ready = URI.create("http://127.0.0.1:" + adminPort + "/health/ready");
    process.process().awaitReady(() -> isReady(client, ready), START);
    return new ImportProgram(process, URI.create("http://127.0.0.1:" + port + "/products/import"));
  }

  private static boolean isReady(HttpClient client, URI uri) {
    try {
      return client
              .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding())
              .statusCode()
          == 200;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// @param query begins with a question mark, or is empty
  void send(byte[] lines, String query) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        client.send(
            HttpRequest.newBuilder(URI.create(uri + query))
                .header("Content-Type", "application/x-ndjson")
                .POST(BodyPublishers.ofByteArray(lines))
                .build(),
            BodyHandlers.ofString());
    if (answer.statusCode() != 200 || !answer.body().contains("\"failed\":0")) {
      throw new IOException("the import was answered " + answer.statusCode() + " " + answer.body());
    }
  }

  @Override
  public void close() {
    client.close();
    process.close();
  }
}
