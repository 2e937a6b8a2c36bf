package dev.tidemark.embedded;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/// Route from a client to a server's port. It can be cut: then nothing gets through, in either
/// direction, and neither end notices. It can lead to another server, as a virtual address does
/// after a failover. For tests. Thread-safe.
public final class CuttableRoute implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 << 10;

  private volatile int serverPort;
  private final ServerSocket entrance;

  /// Permits for traffic: each transfer takes one and returns it, and a cut takes all.
  private final Semaphore passes = new Semaphore(Integer.MAX_VALUE, true);

  private final AtomicInteger accepted = new AtomicInteger();
  private final Queue<Socket> sockets = new ConcurrentLinkedQueue<>();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  private CuttableRoute(int serverPort, ServerSocket entrance) {
    this.serverPort = serverPort;
    this.entrance = entrance;
  }

  public static CuttableRoute to(int serverPort) {
    try {
      var entrance = new ServerSocket(0, 0, InetAddress.ofLiteral("127.0.0.1"));
      var route = new CuttableRoute(serverPort, entrance);
      route.threads.execute(route::accept);
      return route;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Returns the same address, but by this route.
  ///
  /// @param url of the server, with its port
  public String through(String url) {
    return url.replaceFirst(
        ":%d(?=/|$)".formatted(URI.create(url).getPort()), ":" + entrance.getLocalPort());
  }

  /// Returns the number of connections so far.
  public int accepted() {
    return accepted.get();
  }

  /// Makes new connections lead to that port from now on.
  public void leadTo(int otherPort) {
    serverPort = otherPort;
  }

  public void cut() {
    passes.acquireUninterruptibly(Integer.MAX_VALUE);
  }

  /// Lets data through again, including what was held back while the route was cut.
  public void mend() {
    passes.release(Integer.MAX_VALUE);
  }

  private void accept() {
    try {
      while (true) {
        var client = entrance.accept();
        accepted.incrementAndGet();
        sockets.add(client);
        threads.execute(() -> connect(client));
      }
    } catch (IOException closed) {
      // The test is over.
    }
  }

  private void connect(Socket client) {
    passes.acquireUninterruptibly();
    passes.release();
    try {
      var server = new Socket(InetAddress.ofLiteral("127.0.0.1"), serverPort);
      sockets.add(server);
      threads.execute(() -> forward(client, server));
      forward(server, client);
    } catch (IOException serverIsGone) {
      close(client);
    }
  }

  private void forward(Socket from, Socket to) {
    try (from;
        to) {
      var buffer = new byte[BUFFER_BYTES];
      int read;
      while ((read = from.getInputStream().read(buffer)) >= 0) {
        passes.acquireUninterruptibly();
        try {
          to.getOutputStream().write(buffer, 0, read);
        } finally {
          passes.release();
        }
      }
      // If one end closes while the route is cut, the other does not notice.
      passes.acquireUninterruptibly();
      passes.release();
    } catch (IOException closed) {
      // The other direction has closed both ends, or the test is over.
    }
  }

  @Override
  public void close() {
    close(entrance);
    sockets.forEach(CuttableRoute::close);
    threads.shutdownNow();
  }

  private static void close(Closeable socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
