package dev.tidemark.relay.status;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Lag of the stream: the time since the oldest moment after which nothing is known to have come
/// through. Zero when nothing is outstanding.
///
/// The end of a session does not reduce it: it grows until a heartbeat of this process, or an event
/// that was committed later, has come through (H50).
///
/// Thread-safe.
public final class StreamLag {
  /// Size limit of a heartbeat's text, `<sender> <moment>`.
  private static final int MOST_BYTES = 60;

  private final String sender = UUID.randomUUID().toString();
  private final Clock clock;
  private final LongSupplier nanoTime;
  private final AtomicReference<@Nullable Long> outstanding = new AtomicReference<>();

  /// @param clock of the time that commits have
  /// @param nanoTime as [System#nanoTime]
  StreamLag(Clock clock, LongSupplier nanoTime) {
    this.clock = clock;
    this.nanoTime = nanoTime;
  }

  /// Notes that nothing comes through from now on, if it did until now.
  void interrupted() {
    outstanding.compareAndSet(null, nanoTime.getAsLong());
  }

  /// Notes that this relay is not the one that lets anything through.
  void notOurs() {
    outstanding.set(null);
  }

  /// Returns the text of a heartbeat that is to be sent now.
  public String heartbeat() {
    long now = nanoTime.getAsLong();
    outstanding.compareAndSet(null, now);
    return sender + " " + now;
  }

  /// Notes that a message has come through that looks like a heartbeat: everything that was
  /// committed before it was sent is published.
  ///
  /// @return false when it is none of this process, and has no meaning
  public boolean cameThrough(ByteBuffer message) {
    if (message.remaining() > MOST_BYTES) {
      return false;
    }
    var words = StandardCharsets.UTF_8.decode(message.duplicate()).toString().split(" ", -1);
    if (words.length != 2 || !words[0].equals(sender)) {
      return false;
    }
    try {
      through(Long.parseLong(words[1]));
      return true;
    } catch (NumberFormatException notOurs) {
      return false;
    }
  }

  /// Notes that an event has come through, and so everything that was committed before it.
  public void cameThrough(Instant commit) {
    var age = Duration.between(commit, clock.instant());
    through(nanoTime.getAsLong() - (age.isNegative() ? 0 : age.toNanos()));
  }

  private void through(long moment) {
    outstanding.updateAndGet(since -> since == null || since - moment > 0 ? since : null);
  }

  public Duration lag() {
    var since = outstanding.get();
    return since == null ? Duration.ZERO : Duration.ofNanos(nanoTime.getAsLong() - since);
  }
}
