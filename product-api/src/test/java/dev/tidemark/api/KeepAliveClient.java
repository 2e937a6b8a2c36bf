package dev.tidemark.api;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Sends one request after the other on one connection, and opens another only when the answer ends
/// the connection. Confined to one thread.
final class KeepAliveClient {

  private static final Pattern LENGTH = Pattern.compile("\r\nContent-Length: (\\d+)\r\n");

  private final int port;
  private final AtomicInteger all;
  private int answered;

  /// @param all counts what is answered, to several clients
  KeepAliveClient(int port, AtomicInteger all) {
    this.port = port;
    this.all = all;
  }

  /// Continues until a connection ends and there is no reason to open another.
  ///
  /// @throws IOException when a request was not answered
  void run(BooleanSupplier mayConnect, byte[]... requests) throws IOException {
    while (mayConnect.getAsBoolean()) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(30_000);
        InputStream in = new BufferedInputStream(socket.getInputStream());
        boolean open = true;
        while (open) {
          socket.getOutputStream().write(requests[answered % requests.length]);
          open = answer(in);
          answered++;
          all.incrementAndGet();
        }
      }
    }
  }

  /// Returns whether the connection can be used for another request.
  private boolean answer(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("request " + (answered + 1) + " was not answered, only: " + head);
      }
      head.append((char) next);
    }
    if (!head.toString().startsWith("HTTP/1.1 20")) {
      throw new IOException("request " + (answered + 1) + " failed: " + head);
    }
    Matcher length = LENGTH.matcher(head);
    if (length.find()) {
      in.skipNBytes(Long.parseLong(length.group(1)));
    }
    return head.indexOf("\r\nConnection: close\r\n") < 0;
  }
}
