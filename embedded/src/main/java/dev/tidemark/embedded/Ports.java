package dev.tidemark.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/// TCP ports of the loopback address. Thread-safe.
public final class Ports {
  /// Lowest port. Free ports come from below 32768, where operating systems begin to assign ports
  /// to outgoing connections: no outgoing connection takes a port found here before its server
  /// starts.
  private static final int LOWEST = 20_000;

  private static final int HIGHEST = 32_700;
  private static final int ATTEMPTS = 200;

  /// Processes that begin at places of their own, and go on from there, do not find the same port
  /// free before either of them listens.
  private static final AtomicInteger next =
      new AtomicInteger(ThreadLocalRandom.current().nextInt(HIGHEST - LOWEST));

  private Ports() {}

  /// Returns a port on which nothing listens now. It is not reserved, so start the server soon.
  public static int free() {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port = LOWEST + Math.floorMod(next.getAndIncrement(), HIGHEST - LOWEST);
      if (isFree(port)) {
        return port;
      }
    }
    throw new IllegalStateException(
        "no free port found between %d and %d on 127.0.0.1".formatted(LOWEST, HIGHEST));
  }

  public static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      // Connections of an earlier server that are still in TIME_WAIT do not count.
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /// Refuses a port on which something listens.
  ///
  /// @throws PortInUseException naming the port and the server that wants it
  public static void requireFree(int port, String name) {
    if (!isFree(port)) {
      throw new PortInUseException(port, name);
    }
  }
}
