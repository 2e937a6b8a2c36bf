package dev.tidemark.api.http;

import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import io.helidon.common.buffers.DataReader.InsufficientDataAvailableException;
import io.helidon.webserver.CloseConnectionException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import org.jspecify.annotations.Nullable;

/// A body whose framing the server finds broken only while it is read, by invalid chunks or by an
/// early end. In that case the request is malformed, and the service has no fault. Confined to one
/// thread.
final class FramedBody extends FilterInputStream {

  private final @Nullable ClientWait wait = ClientWait.current();

  private @Nullable RuntimeException fault;

  FramedBody(InputStream body) {
    super(body);
  }

  @Override
  public int read() throws IOException {
    begin();
    int read;
    try {
      read = super.read();
    } catch (RuntimeException e) {
      throw failed(e);
    } finally {
      end();
    }
    return read;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    begin();
    int read;
    try {
      read = super.read(bytes, offset, length);
    } catch (RuntimeException e) {
      throw failed(e);
    } finally {
      end();
    }
    return read;
  }

  private RuntimeException failed(RuntimeException e) {
    RuntimeException told = told(e);
    fault = told;
    return told;
  }

  private void begin() {
    // After a fault the end of the body is not known, and a read might wait for more of it in vain.
    if (fault != null) {
      throw fault;
    }
    if (wait != null) {
      wait.beginReading();
    }
  }

  /// Ends the read. The result of a read in a wait that was cut, for example the end of the body,
  /// is invalid.
  private void end() {
    if (wait != null && wait.end()) {
      throw wait.isConnectionEnded()
          ? new CloseConnectionException("the client's connection ended in the middle of a body")
          : new ProblemException(Problem.requestTimeout());
    }
  }

  /// Does not read the rest, which may be endless.
  @Override
  public void close() {
    // Either the server reads on, or the connection is closed.
  }

  /// Returns whether nothing came for the socket's read timeout.
  static boolean isTimeout(RuntimeException fault) {
    for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
      if (cause instanceof SocketTimeoutException) {
        return true;
      }
    }
    return false;
  }

  private static RuntimeException told(RuntimeException fault) {
    if (isTimeout(fault)) {
      return new ProblemException(Problem.requestTimeout());
    }
    return switch (fault) {
      case InsufficientDataAvailableException _ ->
          new ProblemException(
              Problem.malformedRequest(
                  "The body ended early: the connection was closed in its middle."));
      case CloseConnectionException e -> e;
      case UncheckedIOException e -> e;
      default ->
          new ProblemException(Problem.malformedRequest("The body is not framed as HTTP asks."));
    };
  }
}
