package dev.tidemark.api.http;

import io.helidon.webserver.CloseConnectionException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// A thread's wait for a client, which must send more of a body or read an answer. It ends at its
/// deadline, or with the client's connection, by an interrupt of the thread. Thread-safe.
///
/// The thread is interrupted only while it waits here: elsewhere an interrupt would close the
/// connection to the database that it is using.
final class ClientWait {

  private static final ScopedValue<ClientWait> CURRENT = ScopedValue.newInstance();

  private final Duration readTimeout;
  private final Duration writeTimeout;
  private @Nullable Thread waiting;
  private long deadlineNanos;
  private boolean cut;
  private boolean everCut;
  private boolean connectionEnded;

  ClientWait(Duration readTimeout, Duration writeTimeout) {
    this.readTimeout = readTimeout;
    this.writeTimeout = writeTimeout;
  }

  /// Returns the wait of the request that this thread carries out; null on a connection of
  /// HTTP/1.1, where each wait is for the socket, which has its own time limit.
  static @Nullable ClientWait current() {
    return CURRENT.isBound() ? CURRENT.get() : null;
  }

  void runWithin(Runnable task) {
    ScopedValue.where(CURRENT, this).run(task);
  }

  /// Begins to wait for more of a body.
  void beginReading() {
    begin(readTimeout);
  }

  private synchronized void begin(Duration limit) {
    deadlineNanos = System.nanoTime() + limit.toNanos();
    cut = false;
    waiting = Thread.currentThread();
    if (connectionEnded) {
      cut();
    }
  }

  /// Ends the wait, or does nothing when there is none.
  ///
  /// @return whether it was cut short, in which case the result of the wait is void
  synchronized boolean end() {
    waiting = null;
    boolean wasCut = cut;
    cut = false;
    if (wasCut) {
      Thread.interrupted();
    }
    return wasCut;
  }

  /// Waits until the client has read a piece of an answer.
  ///
  /// @throws CloseConnectionException when it was not, in time, or the client is gone
  void writing(Runnable write) {
    begin(writeTimeout);
    RuntimeException fault = null;
    try {
      write.run();
    } catch (RuntimeException e) {
      fault = e;
    }
    if (end()) {
      throw new CloseConnectionException("the client did not take its answer", fault);
    }
    if (fault != null) {
      throw fault;
    }
  }

  synchronized void cutIfDue(long nowNanos) {
    if (nowNanos - deadlineNanos >= 0) {
      cut();
    }
  }

  /// Ends this wait and all that follow.
  synchronized void endConnection() {
    connectionEnded = true;
    cut();
  }

  synchronized boolean isConnectionEnded() {
    return connectionEnded;
  }

  /// Returns whether the client failed to do its part at least once.
  synchronized boolean wasEverCut() {
    return everCut;
  }

  private void cut() {
    if (waiting != null && !cut) {
      cut = true;
      everCut = true;
      waiting.interrupt();
    }
  }
}
