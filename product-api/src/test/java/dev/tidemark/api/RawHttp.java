package dev.tidemark.api;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/// Communicates with a service byte by byte, without a client that would correct it.
public final class RawHttp {

  private RawHttp() {}

  /// Sends a text, one byte for each character up to U+00FF, and reads until the service closes the
  /// connection.
  ///
  /// @param lines are sent with CR LF after each
  public static String exchange(int port, String... lines) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(60_000);
      socket.getOutputStream().write(bytes(lines));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  public static byte[] bytes(String... lines) {
    return (String.join("\r\n", lines) + "\r\n").getBytes(StandardCharsets.ISO_8859_1);
  }
}
