package dev.tidemark.api.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.api.RawHttp2;
import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import dev.tidemark.api.Service;
import dev.tidemark.embedded.CertificateAuthority;
import dev.tidemark.embedded.CertificateAuthority.Issued;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.IntFunction;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Clients that go away in the middle, or do not read: their resources are free again.
final class StuckClientsIT {

  private static final String CHAIR = "{'name':'Chair','price':12.5,'currency':'EUR'}";

  private static final String STOOL = "{'name':'Stool','price':7,'currency':'EUR'}";

  private static final int REQUESTS = 8;

  /// Setting of RFC 9113, section 6.5.2.
  private static final int MAX_CONCURRENT_STREAMS = 3;

  @RegisterExtension
  private static final RunningService api =
      new RunningService(
          "TIDEMARK_API_REQUESTS", Integer.toString(REQUESTS),
          "TIDEMARK_API_READ_TIMEOUT_SECONDS", "2",
          "TIDEMARK_API_WRITE_TIMEOUT_SECONDS", "2");

  private final List<AutoCloseable> open = new ArrayList<>();

  @BeforeEach
  void writeProducts() {
    api.put("/products/small", CHAIR);
  }

  private <T extends AutoCloseable> List<T> each(int times, IntFunction<T> client) {
    List<T> clients = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      clients.add(client.apply(i));
    }
    open.addAll(clients);
    return clients;
  }

  private void closeAll() throws Exception {
    for (AutoCloseable client : open) {
      client.close();
    }
    open.clear();
  }

  private static RawHttp2 http2(int window) {
    try {
      return new RawHttp2(api.service().port(), window);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Waits until as many requests as ever are accepted.
  private static void awaitAllFree() {
    await("each permit is free again")
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () -> {
              List<Future<Answer>> writes = new ArrayList<>();
              try (var threads = Executors.newVirtualThreadPerTaskExecutor();
                  Connection holder = api.connect()) {
                holder.setAutoCommit(false);
                holder
                    .createStatement()
                    .execute("update product set name = 'B' where id = 'small'");
                for (int i = 0; i < REQUESTS; i++) {
                  writes.add(threads.submit(() -> api.put("/products/small", STOOL)));
                }
                await()
                    .until(() -> writes.stream().anyMatch(Future::isDone) || waiting() == REQUESTS);
                holder.rollback();
              }
              assertThat(writes).allMatch(write -> write.resultNow().status() == 200);
            });
  }

  private static int waiting() {
    return Integer.parseInt(
        api.texts("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
            .getFirst());
  }

  private static void awaitNoneFree() {
    await("all permits are held")
        .atMost(Duration.ofSeconds(60))
        .until(() -> api.get("/products/small").status() == 503);
  }

  @Test
  void connectionsOfHttp2ThatBreakInTheMiddleOfABodyHoldNothing_H45() throws Exception {
    for (int round = 0; round < 3; round++) {
      List<RawHttp2> clients = each(12, i -> http2(65_535));
      for (RawHttp2 client : clients) {
        client.begin(1, "PUT", "/products/broken", "application/json");
        client.data(1, "{\"name\":");
      }
      awaitNoneFree();
      closeAll();
      awaitAllFree();
    }
    assertThat(api.get("/products/broken").status()).isEqualTo(404);
  }

  @Test
  void anImportThatBreaksOverHttp2Ends_H45() throws Exception {
    for (int i = 0; i < 3; i++) {
      RawHttp2 client = http2(65_535);
      client.begin(1, "POST", "/products/import", "application/x-ndjson");
      int line = i;
      String product =
          "{\"id\":\"line-%d\",\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}\n".formatted(i);
      client.data(1, product.repeat(501) + "{\"id\":\"cut\"");
      await("the import is under way")
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  api.texts("select id from product where id = 'line-%d'".formatted(line)).size()
                      == 1);
      client.close();
      awaitAllFree();
    }
    assertThat(api.get("/products/small", "Cache-Control", "no-cache").status()).isEqualTo(200);
  }

  @Test
  void whoFallsSilentInABodyOverHttp2AndKeepsTheConnectionAliveIsTold_H45() throws Exception {
    RawHttp2 client = each(1, i -> http2(65_535)).getFirst();
    client.begin(1, "PUT", "/products/silent", "application/json");
    client.data(1, "{\"name\":");
    try (var pings = new ScheduledThreadPoolExecutor(1)) {
      var _ =
          pings.scheduleWithFixedDelay(
              () -> {
                try {
                  client.ping();
                } catch (IOException e) {
                  pings.shutdown();
                }
              },
              0,
              300,
              TimeUnit.MILLISECONDS);
      String body = new String(client.await(RawHttp2.DATA).payload(), StandardCharsets.US_ASCII);
      assertThat(body).contains("urn:tidemark:problem:request-timeout", "408");
      awaitAllFree();
      // The rest of the body may still come: nobody reads it.
      client.awaitEnd();
      pings.shutdownNow();
    }
    closeAll();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whoIsSilentBetweenRequestsOverHttp2KeepsTheConnection_H45(boolean tls, @TempDir Path folder)
      throws Exception {
    CertificateAuthority authority = CertificateAuthority.in(folder);
    Issued certificate = authority.issue("api");
    String[] settings = {
      "TIDEMARK_API_READ_TIMEOUT_SECONDS", "1",
      "TIDEMARK_API_TLS_CERTIFICATE_FILE", certificate.certificate().toString(),
      "TIDEMARK_API_TLS_KEY_FILE", certificate.key().toString()
    };
    RunningService other = api.beside(tls ? settings : Arrays.copyOf(settings, 2));
    try (Service service = other.service();
        RawHttp2 client =
            tls
                ? new RawHttp2(secure(authority, service.port()), 65_535)
                : new RawHttp2(service.port(), 65_535)) {
      for (int stream = 1; stream <= 3; stream += 2) {
        client.get(stream, "/products/small");
        assertThat(client.await(RawHttp2.DATA).stream()).isEqualTo(stream);
        client.beQuiet(Duration.ofSeconds(3));
      }
      client.awaitEnd();
    }
  }

  private static SSLSocket secure(CertificateAuthority authority, int port) throws IOException {
    SSLSocket socket =
        (SSLSocket)
            authority
                .trusting()
                .getSocketFactory()
                .createSocket(InetAddress.getLoopbackAddress(), port);
    SSLParameters parameters = socket.getSSLParameters();
    parameters.setApplicationProtocols(new String[] {"h2"});
    socket.setSSLParameters(parameters);
    return socket;
  }

  @Test
  void anAnswerThatTakesLongComesOverHttp2ToAClientWithNothingToSend_H45() throws Exception {
    RawHttp2 client = each(1, i -> http2(65_535)).getFirst();
    try (Connection holder = api.connect()) {
      holder.setAutoCommit(false);
      holder.createStatement().execute("update product set name = 'B' where id = 'small'");
      client.begin(1, "PUT", "/products/small", "application/json");
      client.end(1, STOOL.replace('\'', '"'));
      client.beQuiet(Duration.ofSeconds(5));
      holder.rollback();
    }
    assertThat(new String(client.await(RawHttp2.DATA).payload(), StandardCharsets.US_ASCII))
        .contains("\"id\":\"small\"");
    closeAll();
  }

  @Test
  void whoDoesNotReadOverHttp2IsGivenUp_H45() throws Exception {
    for (RawHttp2 client : each(REQUESTS, i -> http2(0))) {
      client.get(1, "/products/small");
    }
    awaitNoneFree();
    awaitAllFree();
    closeAll();
  }

  @Test
  void whoDoesNotReadOverHttp1IsGivenUp_H45() throws Exception {
    api.put(
        "/products/large",
        "{'name':'Large','price':1,'currency':'EUR','attributes':{'a':'%s'}}"
            .formatted("x".repeat(900_000)));
    byte[] requests =
        String.join("", Collections.nCopies(40, "GET /products/large HTTP/1.1\r\nHost: x\r\n\r\n"))
            .getBytes(StandardCharsets.US_ASCII);
    for (Socket socket : each(REQUESTS, i -> new Socket())) {
      socket.setReceiveBufferSize(4096);
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), api.service().port()));
      socket.getOutputStream().write(requests);
    }
    awaitNoneFree();
    awaitAllFree();
    closeAll();
  }

  /// Otherwise one connection with a window of 0 could hold all permits for a while.
  @Test
  void oneConnectionOfHttp2HasItsShareOfTheRequestsOnly_H45() throws Exception {
    RunningService forty = api.beside("TIDEMARK_API_REQUESTS", "40");
    try (Service service = forty.service();
        RawHttp2 client = new RawHttp2(service.port(), 0)) {
      ByteBuffer settings = ByteBuffer.wrap(client.await(RawHttp2.SETTINGS).payload());
      Map<Integer, Integer> values = new HashMap<>();
      while (settings.hasRemaining()) {
        values.put((int) settings.getShort(), settings.getInt());
      }
      assertThat(values).containsEntry(MAX_CONCURRENT_STREAMS, 2);
      for (int stream = 1; stream <= 5; stream += 2) {
        client.get(stream, "/products/small");
      }
      assertThat(client.await(RawHttp2.GOAWAY)).isNotNull();
    }
  }
}
