package dev.tidemark.api;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;

/// One connection of HTTP/2, frame by frame, by a client that need not follow any rules. Confined
/// to one thread.
public final class RawHttp2 implements AutoCloseable {

  public static final int DATA = 0;
  static final int HEADERS = 1;
  public static final int SETTINGS = 4;
  static final int PING = 6;
  public static final int GOAWAY = 7;
  private static final int NONE = -1;

  private static final int AUTHORITY = 1;
  private static final int METHOD = 2;
  private static final int PATH = 4;
  private static final int SCHEME = 6;

  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;
  private static final int INITIAL_WINDOW_SIZE = 4;
  private static final int LARGEST_FRAME = 16_384;

  /// Frame of RFC 9113, section 4.1.
  @SuppressWarnings("ArrayRecordComponent") // handed on, never changed
  public record Frame(int type, int flags, int stream, byte[] payload) {}

  private final Socket socket;
  private final DataInputStream in;
  private final DataOutputStream out;

  /// @param window so many bytes of answers may come, on each stream, before the client says more
  public RawHttp2(int port, int window) throws IOException {
    this(new Socket(InetAddress.getLoopbackAddress(), port), window);
  }

  /// @param connected to a service that speaks HTTP/2 on it
  public RawHttp2(Socket connected, int window) throws IOException {
    socket = connected;
    socket.setSoTimeout(60_000);
    in = new DataInputStream(socket.getInputStream());
    out = new DataOutputStream(socket.getOutputStream());
    out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    send(
        SETTINGS,
        0,
        0,
        ByteBuffer.allocate(6).putShort((short) INITIAL_WINDOW_SIZE).putInt(window).array());
  }

  void send(int type, int flags, int stream, byte[] payload) throws IOException {
    out.writeByte(payload.length >> 16);
    out.writeShort(payload.length);
    out.writeByte(type);
    out.writeByte(flags);
    out.writeInt(stream);
    out.write(payload);
    out.flush();
  }

  public void get(int stream, String path) throws IOException {
    send(HEADERS, END_HEADERS | END_STREAM, stream, head("GET", path));
  }

  /// Sends a request whose body follows by [#data].
  public void begin(int stream, String method, String path, String mediaType) throws IOException {
    send(HEADERS, END_HEADERS, stream, head(method, path, "content-type", mediaType));
  }

  public void data(int stream, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    for (int sent = 0; sent < bytes.length; sent += LARGEST_FRAME) {
      send(
          DATA,
          0,
          stream,
          Arrays.copyOfRange(bytes, sent, Math.min(bytes.length, sent + LARGEST_FRAME)));
    }
  }

  /// Sends the last part of a body.
  public void end(int stream, String text) throws IOException {
    send(DATA, END_STREAM, stream, text.getBytes(StandardCharsets.US_ASCII));
  }

  public void ping() throws IOException {
    send(PING, 0, 0, new byte[8]);
  }

  /// Returns a head with each header as a literal that is not indexed, RFC 7541, section 6.2.2;
  /// names that begin with a colon are numbers of the static table, appendix A.
  private static byte[] head(String method, String path, String... more) {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    named(head, AUTHORITY, "x");
    named(head, METHOD, method);
    named(head, PATH, path);
    named(head, SCHEME, "http");
    for (int i = 0; i < more.length; i += 2) {
      head.write(0);
      text(head, more[i]);
      text(head, more[i + 1]);
    }
    return head.toByteArray();
  }

  private static void named(ByteArrayOutputStream head, int name, String value) {
    head.write(name);
    text(head, value);
  }

  private static void text(ByteArrayOutputStream head, String text) {
    head.write(text.length());
    head.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
  }

  /// Returns the next frame of a type. Others are skipped, and a thousand of them are too many.
  ///
  /// @throws EOFException when the service has hung up
  public Frame await(int type) throws IOException {
    for (int i = 0; i < 1000; i++) {
      int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
      int found = in.readUnsignedByte();
      int flags = in.readUnsignedByte();
      int stream = in.readInt();
      byte[] payload = new byte[length];
      in.readFully(payload);
      if (found == type) {
        return new Frame(found, flags, stream, payload);
      }
    }
    throw new AssertionError("no frame of type " + type);
  }

  /// Sends nothing for this time, and skips what the service sends meanwhile.
  ///
  /// @throws EOFException when the service hangs up
  public void beQuiet(Duration time) throws IOException {
    socket.setSoTimeout(Math.toIntExact(time.toMillis()));
    try {
      await(NONE);
    } catch (SocketTimeoutException isStillThere) {
      socket.setSoTimeout(60_000);
    }
  }

  /// Reads until the service closes the connection.
  ///
  /// @throws SocketTimeoutException when it does not for a minute
  public void awaitEnd() throws IOException {
    try {
      await(NONE);
    } catch (EOFException | SocketException hungUp) {
      // As awaited.
    }
  }

  /// Closes the connection without a frame.
  @Override
  public void close() throws IOException {
    socket.close();
  }
}
