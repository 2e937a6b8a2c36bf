package dev.tidemark.api.http;

import io.helidon.common.buffers.BufferData;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Open connections of clients, and the one thread that cuts waits that last too long. Thread-safe.
public final class ClientConnections implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(ClientConnections.class);

  private static final Duration PAUSE = Duration.ofMillis(250);

  /// Number of read timeouts for which a connection of HTTP/2 may be without a request.
  private static final int IDLE = 10;

  private static final String HTTP_2 = "h2";

  private final Duration readTimeout;
  private final Duration writeTimeout;
  private final Set<ClientConnection> open = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("client-timeouts").daemon().factory());

  /// @param readTimeout for the next bytes of a body
  /// @param writeTimeout for a piece of an answer to be taken
  public ClientConnections(Duration readTimeout, Duration writeTimeout) {
    this.readTimeout = readTimeout;
    this.writeTimeout = writeTimeout;
  }

  public void start() {
    var _ =
        thread.scheduleWithFixedDelay(
            this::cutWhatIsDue, PAUSE.toMillis(), PAUSE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void cutWhatIsDue() {
    try {
      long now = System.nanoTime();
      open.forEach(connection -> connection.cutWhatIsDue(now));
    } catch (RuntimeException | Error e) {
      // An exception that gets out would silently end the task.
      log.atError().setCause(e).log("checking client connections failed; retrying");
    }
  }

  /// Returns the longest time for which a connection of HTTP/2 may be without a request.
  Duration longestIdle() {
    return readTimeout.multipliedBy(IDLE);
  }

  ClientWait newWait() {
    return new ClientWait(readTimeout, writeTimeout);
  }

  void add(ClientConnection connection) {
    open.add(connection);
  }

  void remove(ClientConnection connection) {
    open.remove(connection);
  }

  /// Returns a protocol whose connections are tracked here.
  public ServerConnectionSelector timed(ServerConnectionSelector protocol) {
    return new ServerConnectionSelector() {
      @Override
      public int bytesToIdentifyConnection() {
        return protocol.bytesToIdentifyConnection();
      }

      @Override
      public Support supports(BufferData data) {
        return protocol.supports(data);
      }

      @Override
      public Set<String> supportedApplicationProtocols() {
        return protocol.supportedApplicationProtocols();
      }

      @Override
      public ServerConnection connection(ConnectionContext context) {
        ClientConnection client =
            new ClientConnection(
                context, ClientConnections.this, supportedApplicationProtocols().contains(HTTP_2));
        return client.around(protocol.connection(client));
      }
    };
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
