package dev.tidemark.api.http;

import dev.tidemark.service.http.PassedOn;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.spi.ServerConnection;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Connection of a client. Its writes and requests wait for the client only up to a time limit, and
/// not beyond the connection's end. Thread-safe, as far as the server's own parts are.
///
/// On HTTP/2 a request runs on a thread of its own, which the server's connection (Helidon 4.5,
/// `Http2ServerStream`) leaves waiting for a body when the connection is gone, and which it wakes
/// at its own stop by the end of a body that did not end. So these threads are this class's: it
/// alone interrupts them, by their [ClientWait].
final class ClientConnection extends PassedOn {

  private static final Logger log = LoggerFactory.getLogger(ClientConnection.class);

  /// Time limit for the end, which is more than the database may take for a statement.
  private static final Duration LONGEST_END = Duration.ofSeconds(30);

  private final ClientConnections all;
  private final DataReader reader;
  private final TimedWriter writer;
  private final Set<ClientWait> requests = ConcurrentHashMap.newKeySet();

  private volatile @Nullable ServerConnection server;
  private volatile boolean isEnding;

  /// Threads of the requests. Confined to the connection's own thread. HTTP/1.1 needs none.
  private @Nullable ExecutorService threads;

  /// @param isHttp2 whether requests are many, and silence between them is no fault
  ClientConnection(ConnectionContext context, ClientConnections all, boolean isHttp2) {
    super(context);
    DataReader source = context.dataReader();
    this.reader = isHttp2 ? DataReader.create(() -> received(source)) : source;
    this.all = all;
    this.writer = new TimedWriter(context.dataWriter(), all.newWait());
  }

  /// Wraps the server's own connection, whose beginning and end are reported here.
  ServerConnection around(ServerConnection own) {
    server = own;
    return new Served(own);
  }

  void cutWhatIsDue(long nowNanos) {
    writer.wait.cutIfDue(nowNanos);
    requests.forEach(request -> request.cutIfDue(nowNanos));
  }

  private Thread thread(Runnable request) {
    ClientWait wait = all.newWait();
    requests.add(wait);
    return Thread.ofVirtual()
        .unstarted(
            () -> {
              // Until the request's handler takes over, and again after it, the server itself reads
              // the rest of the body.
              wait.beginReading();
              wait.runWithin(request);
              requests.remove(wait);
              var _ = wait.end();
              if (wait.wasEverCut()) {
                // If more of the body came now, it would fill the server's queue and block it.
                endWithTheNextFrame();
              }
            });
  }

  /// Returns the next bytes on a connection of HTTP/2, where a read timeout alone says nothing:
  /// each request waits for its body as long as it may, and while one is answered, or none is in
  /// progress, the client has nothing to send. A client that is silent without a request for too
  /// long has gone.
  private byte[] received(DataReader source) {
    long since = System.nanoTime();
    while (true) {
      try {
        return source.readBuffer().readBytes();
      } catch (ServerConnectionException e) {
        boolean isIdle =
            requests.isEmpty() && System.nanoTime() - since > all.longestIdle().toNanos();
        if (isEnding || isIdle || !FramedBody.isTimeout(e)) {
          throw e;
        }
      }
    }
  }

  private void endWithTheNextFrame() {
    isEnding = true;
    ServerConnection running = server;
    if (running != null) {
      running.close(false);
    }
  }

  /// Cancels current requests, and returns when the last has ended.
  private void end() {
    ExecutorService running = threads;
    if (running == null) {
      return;
    }
    running.shutdown();
    requests.forEach(ClientWait::endConnection);
    try {
      boolean ended = running.awaitTermination(LONGEST_END.toMillis(), TimeUnit.MILLISECONDS);
      if (!ended) {
        log.warn("requests of a closed connection are still running");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// One connection as the server handles it.
  private final class Served implements ServerConnection, InterruptableTask<Void> {
    private final ServerConnection server;

    Served(ServerConnection server) {
      this.server = server;
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
      all.add(ClientConnection.this);
      try {
        server.handle(limit);
      } finally {
        end();
        all.remove(ClientConnection.this);
      }
    }

    @Override
    public boolean canInterrupt() {
      return server instanceof InterruptableTask<?> task && task.canInterrupt();
    }

    @Override
    public Duration idleTime() {
      return server.idleTime();
    }

    @Override
    public void close(boolean interrupt) {
      server.close(interrupt);
    }
  }

  /// A writer that drops a client that does not read: the interrupt closes the connection. One
  /// write is in progress at a time.
  private static final class TimedWriter implements DataWriter {
    private final DataWriter writer;
    private final ClientWait wait;

    TimedWriter(DataWriter writer, ClientWait wait) {
      this.writer = writer;
      this.wait = wait;
    }

    private void timed(Runnable write) {
      try {
        wait.writing(write);
      } catch (CloseConnectionException e) {
        throw new UncheckedIOException(new IOException(e.getMessage(), e));
      }
    }

    @Override
    public void write(BufferData... buffers) {
      timed(() -> writer.write(buffers));
    }

    @Override
    public void write(BufferData buffer) {
      timed(() -> writer.write(buffer));
    }

    @Override
    public void writeNow(BufferData... buffers) {
      timed(() -> writer.writeNow(buffers));
    }

    @Override
    public void writeNow(BufferData buffer) {
      timed(() -> writer.writeNow(buffer));
    }

    @Override
    public void flush() {
      timed(writer::flush);
    }

    @Override
    public void close() {
      writer.close();
    }
  }

  @Override
  public ExecutorService executor() {
    ExecutorService running = threads;
    if (running == null) {
      running = Executors.newThreadPerTaskExecutor(this::thread);
      threads = running;
    }
    return running;
  }

  @Override
  public DataReader dataReader() {
    return reader;
  }

  @Override
  public DataWriter dataWriter() {
    return writer;
  }
}
