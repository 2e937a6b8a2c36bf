package dev.tidemark.cache;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;

/// An address behind which the server can change, as a virtual IP does: each connection is passed
/// on to the server that was the target when it came in, and stays with it.
final class Forwarder implements AutoCloseable {

  private final ServerSocket listening;
  private final AtomicInteger accepted = new AtomicInteger();
  private volatile int targetPort;

  private Forwarder(ServerSocket listening, int targetPort) {
    this.listening = listening;
    this.targetPort = targetPort;
  }

  static Forwarder to(int targetPort) {
    try {
      Forwarder forwarder =
          new Forwarder(new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1")), targetPort);
      Thread.ofVirtual().start(forwarder::accept);
      return forwarder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String url() {
    return "redis://127.0.0.1:" + listening.getLocalPort();
  }

  /// How many connections came in so far.
  int accepted() {
    return accepted.get();
  }

  /// New connections go there from now on.
  void switchTo(int port) {
    targetPort = port;
  }

  @Override
  public void close() {
    try {
      listening.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listening.accept();
        accepted.incrementAndGet();
        Socket server = new Socket(InetAddress.ofLiteral("127.0.0.1"), targetPort);
        Thread.ofVirtual().start(() -> pass(client, server));
        Thread.ofVirtual().start(() -> pass(server, client));
      }
    } catch (IOException closed) {
      // The end of the test.
    }
  }

  private static void pass(Socket from, Socket to) {
    try (from;
        to) {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (IOException closed) {
      // By either side: closing both passes it on.
    }
  }
}
