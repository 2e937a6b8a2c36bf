package dev.tidemark.relay.source;

import io.debezium.connector.base.QueueProvider;
import io.debezium.pipeline.Sizeable;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Properties;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Rows between Debezium's reader of the log and the relay, in memory.
///
/// A caller that polls repeatedly without a pause is held up for a moment. This caller is Debezium
/// itself: when it waits for rows it waits in whole milliseconds, and polls continuously through
/// the last one, in which its wait is over but its time is not. At a poll interval of 5 ms that
/// alone takes a sixth of a core, at 2 ms a third.
///
/// It tells a listener of the first row after none, some milliseconds before the row's batch comes.
///
/// Debezium makes it, by its [#name], and calls it under a lock of its own: never from two threads
/// at once.
public final class DebeziumQueue implements QueueProvider<Sizeable> {
  static final String NAME = "tidemark";

  /// Setting of the engine: the listener's name.
  private static final String LISTENER = "tidemark.listener";

  /// Debezium hands over text only, so a listener is handed over here.
  private static final Map<String, Runnable> LISTENERS = new ConcurrentHashMap<>();

  /// Shortest time between two looks that have a wait between them.
  private static final long AT_ONCE = TimeUnit.MICROSECONDS.toNanos(100);

  private static final int LOOKS_BEFORE_PAUSE = 3;
  private static final long PAUSE = TimeUnit.MICROSECONDS.toNanos(200);

  private final Queue<Sizeable> rows = new ArrayDeque<>();
  private Runnable listener = () -> {};
  private int looksInVain;
  private long lastLook;

  /// Makes the queue of an engine with these settings call a listener, which must return at once.
  ///
  /// @return to be called when the engine has ended
  static Runnable listen(Properties settings, Runnable listener) {
    var name = UUID.randomUUID().toString();
    LISTENERS.put(name, listener);
    settings.setProperty(LISTENER, name);
    return () -> LISTENERS.remove(name);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void configure(Map<String, ?> settings) {
    // Debezium itself enforces its limits of rows and bytes.
    listener = LISTENERS.getOrDefault(String.valueOf(settings.get(LISTENER)), listener);
  }

  @Override
  public void enqueue(Sizeable row) {
    boolean isFirst = rows.isEmpty();
    rows.add(row);
    looksInVain = 0;
    if (isFirst) {
      listener.run();
    }
  }

  @Override
  public @Nullable Sizeable poll() {
    return rows.poll();
  }

  @Override
  public int size() {
    if (rows.isEmpty()) {
      long now = System.nanoTime();
      looksInVain = now - lastLook < AT_ONCE ? looksInVain + 1 : 0;
      lastLook = now;
      if (looksInVain > LOOKS_BEFORE_PAUSE) {
        LockSupport.parkNanos(PAUSE);
        // The pause is no wait that makes the next look a first one.
        lastLook = System.nanoTime();
      }
    }
    return rows.size();
  }
}
