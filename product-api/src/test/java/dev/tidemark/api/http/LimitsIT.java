package dev.tidemark.api.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.api.RawHttp;
import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Tests with more requests than the service accepts at a time.
final class LimitsIT {

  private static final String CHAIR = "{'name':'Chair','price':12.5,'currency':'EUR'}";

  private static final String STOOL = "{'name':'Stool','price':7,'currency':'EUR'}";

  @RegisterExtension
  private static final RunningService api =
      new RunningService(
          "TIDEMARK_API_REQUESTS", "8",
          "TIDEMARK_API_CONNECTIONS", "60",
          "TIDEMARK_API_READ_TIMEOUT_SECONDS", "1");

  @Test
  void requestsBeyondTheLimitAreShedAtOnceAndTheOthersAreCarriedOut() throws Exception {
    api.put("/products/crowded", CHAIR);
    try (Connection holder = api.connect();
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      holder.setAutoCommit(false);
      holder.createStatement().execute("update product set name = 'B' where id = 'crowded'");
      List<Future<Answer>> writes =
          IntStream.range(0, 40)
              .mapToObj(i -> threads.submit(() -> api.put("/products/crowded", STOOL)))
              .toList();
      await("all but those under way are answered")
          .until(() -> writes.stream().filter(Future::isDone).count() == 40 - 8);
      assertThat(api.get("/products/crowded").problem()).isEqualTo("overloaded");
      assertThat(api.admin("/health/live").status()).isEqualTo(200);
      holder.rollback();
      List<Answer> answers = writes.stream().map(LimitsIT::answer).toList();
      assertThat(answers).filteredOn(answer -> answer.status() == 200).hasSize(8);
      assertThat(answers)
          .filteredOn(answer -> answer.status() == 503)
          .hasSize(32)
          .allMatch(answer -> answer.problem().equals("overloaded"))
          .allMatch(answer -> answer.header("Retry-After").equals("1"));
    }
    assertThat(api.get("/products/crowded").status()).isEqualTo(200);
  }

  private static Answer answer(Future<Answer> future) {
    try {
      return future.get();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aConnectionBeyondTheLimitWaitsUntilAnotherEnds() throws IOException {
    List<Socket> open = new java.util.ArrayList<>();
    try {
      for (int i = 0; i < 100; i++) {
        open.add(new Socket(InetAddress.getLoopbackAddress(), api.service().port()));
      }
      Socket last = open.getLast();
      last.setSoTimeout(300);
      last.getOutputStream()
          .write("GET /x HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      assertThat(isSilent(last)).as("not accepted yet").isTrue();
      for (Socket socket : open.subList(0, 99)) {
        socket.close();
      }
      last.setSoTimeout(30_000);
      assertThat(last.getInputStream().read()).isEqualTo('H');
    } finally {
      for (Socket socket : open) {
        socket.close();
      }
    }
  }

  private static boolean isSilent(Socket socket) throws IOException {
    try {
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException e) {
      return true;
    }
  }

  @Test
  void aClientThatFallsSilentInItsBodyIsToldAndHungUpOn() throws IOException {
    assertThat(
            RawHttp.exchange(
                api.service().port(),
                "PUT /products/slow HTTP/1.1",
                "Host: x",
                "Content-Type: application/json",
                "Content-Length: 40",
                "",
                "{\"name\""))
        .startsWith("HTTP/1.1 408")
        .contains("urn:tidemark:problem:request-timeout", "Connection: close");
  }

  @Test
  void aClientThatFallsSilentBeforeThatIsHungUpOn() throws IOException {
    assertThat(RawHttp.exchange(api.service().port(), "GET /products/slow HTTP/1.1", "Host: x"))
        .doesNotContain("HTTP/1.1 5");
    assertThat(RawHttp.exchange(api.service().port(), "GET /prod")).doesNotContain("HTTP/1.1 5");
  }
}
