package dev.tidemark.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.api.http.MalformedRequests;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Sends a hundred thousand requests that are wrong in random ways. The seed of a run is printed;
/// `-Dfuzz.seed=` repeats it.
final class FuzzIT {

  private static final int REQUESTS = 100_000;
  private static final int CLIENTS = 8;
  private static final int WARM_UP = 5_000;
  private static final int MEGABYTE = 1024 * 1024;

  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3}) ");
  private static final Pattern LENGTH = Pattern.compile("(?i)\r\nContent-Length: (\\d+)\r\n");

  @RegisterExtension private static final RunningService api = new RunningService();

  private final Map<Integer, Integer> statuses = new ConcurrentSkipListMap<>();

  @Test
  void nothingThatIsSentMakesTheServiceFailOrLeak() throws Exception {
    long seed = Long.getLong("fuzz.seed", System.nanoTime());
    System.out.println("fuzz seed " + seed);
    send(seed - 1, WARM_UP);
    long heap = heap();
    int threads = ManagementFactory.getThreadMXBean().getThreadCount();
    long files = files();
    statuses.clear();

    send(seed, REQUESTS);

    System.out.println("answers " + statuses);
    assertThat(statuses.keySet()).as("seed %d", seed).allMatch(status -> status < 500);
    assertThat(statuses.get(400)).as("most reach the service's own checks").isGreaterThan(10_000);
    assertThat(api.admin("/metrics").text()).doesNotContain("http_response_status_code=\"5");
    await("connections are given up")
        .untilAsserted(() -> assertThat(files()).isLessThan(files + 50));
    assertThat(ManagementFactory.getThreadMXBean().getThreadCount())
        .as("threads")
        .isLessThan(threads + 20);
    assertThat(heap()).as("heap").isLessThan(heap + 40L * MEGABYTE);
    assertThat(api.admin("/metrics").text())
        .containsPattern("db_client_connection_count\\{[^}]*state=\"used\"[^}]*} 0");
    assertThat(api.admin("/health/ready").status()).isEqualTo(200);
    assertThat(api.put("/products/healthy", "{'name':'A','price':1,'currency':'EUR'}").status())
        .isEqualTo(201);
    assertThat(api.get("/products/healthy").status()).isEqualTo(200);
  }

  private void send(long seed, int requests) throws Exception {
    try (var clients = Executors.newFixedThreadPool(CLIENTS)) {
      List<? extends Future<?>> runs =
          IntStream.range(0, CLIENTS)
              .mapToObj(
                  client ->
                      clients.submit(
                          () -> {
                            run(new Random(seed * CLIENTS + client), requests / CLIENTS);
                            return null;
                          }))
              .toList();
      for (Future<?> run : runs) {
        run.get();
      }
    }
  }

  /// Runs one client after the other on as few connections as the service allows.
  private void run(Random random, int requests) throws IOException {
    MalformedRequests malformed = new MalformedRequests(random);
    Socket socket = connect();
    InputStream in = new BufferedInputStream(socket.getInputStream());
    for (int sent = 0; sent < requests; sent++) {
      MalformedRequests.Request request = malformed.next();
      boolean open = exchange(socket, in, request);
      if (!open) {
        socket.close();
        socket = connect();
        in = new BufferedInputStream(socket.getInputStream());
      }
    }
    socket.close();
  }

  private static Socket connect() throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.service().port());
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(30_000);
    return socket;
  }

  /// Returns whether the connection can be used for another request.
  private boolean exchange(Socket socket, InputStream in, MalformedRequests.Request request)
      throws IOException {
    try {
      socket.getOutputStream().write(request.bytes());
      if (!request.framed()) {
        socket.shutdownOutput();
      }
      String head = head(in);
      while (head.startsWith("HTTP/1.1 1")) {
        count(head);
        head = head(in);
      }
      if (head.isEmpty()) {
        return false;
      }
      count(head);
      Matcher length = LENGTH.matcher(head);
      if (!isHead(request) && length.find()) {
        in.skipNBytes(Long.parseLong(length.group(1)));
      }
      return request.framed() && !head.contains("Connection: close");
    } catch (java.net.SocketException e) {
      // The connection was closed before all was sent.
      return false;
    }
  }

  /// Returns whether the method is HEAD, in any case, as the server treats it.
  private static boolean isHead(MalformedRequests.Request request) {
    return new String(
            request.bytes(), 0, Math.min(5, request.bytes().length), StandardCharsets.ISO_8859_1)
        .equalsIgnoreCase("HEAD ");
  }

  private void count(String head) {
    Matcher status = STATUS.matcher(head);
    assertThat(status.lookingAt()).as(head).isTrue();
    statuses.merge(Integer.parseInt(status.group(1)), 1, Integer::sum);
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.length() < 4 || head.indexOf("\r\n\r\n", head.length() - 4) < 0) {
      int next = in.read();
      if (next < 0) {
        return "";
      }
      head.append((char) next);
    }
    return head.toString();
  }

  private static long heap() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static long files() throws IOException {
    try (var open = Files.list(Path.of("/proc/self/fd"))) {
      return open.count();
    }
  }
}
