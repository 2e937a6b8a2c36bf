package dev.tidemark.operator.rebuild;

import dev.tidemark.event.EventHeaders;
import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidation.VersionGaps;
import dev.tidemark.operator.rebuild.AggregateState.Cacheable;
import dev.tidemark.operator.rebuild.AggregateState.Unreadable;
import dev.tidemark.operator.rebuild.OpenGaps.Gap;
import dev.tidemark.operator.run.KeyFilter;
import dev.tidemark.operator.run.Progress;
import dev.tidemark.operator.run.StopRequest;
import dev.tidemark.operator.topics.ScanStart;
import dev.tidemark.operator.topics.ScanStart.Partition;
import dev.tidemark.operator.topics.TopicScan;
import dev.tidemark.operator.topics.TopicTail;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/// Newest state of each key in the topics. First everything is read, which shows what is newest;
/// then [#next] returns the states.
///
/// States that fit are kept in memory from the first reading; the others are read again. Meanwhile
/// the reader follows the end of the topics, so that the newest version is known at any time.
/// Thread-safe.
final class KafkaStates implements AutoCloseable {

  private static final int MOST_KEYS_NAMED = 10;

  private final KafkaSettings settings;
  private final KeyFilter choice;
  private final VersionIndex index;
  private final TopicTail tail;

  private final AtomicLong records = new AtomicLong();
  private final AtomicLong keyless = new AtomicLong();
  private final AtomicLong unreadable = new AtomicLong();
  private final AtomicLong gapped = new AtomicLong();
  private final OpenGaps gaps = new OpenGaps();
  private final Clock clock;
  private final Consumer<String> news;

  private final StateBuffer spool;
  private boolean spoolIsFull;
  private volatile boolean spoolIsWhole;
  private long spooled;

  /// Offsets at which the rest begins.
  private final SortedMap<Partition, Long> rest = new TreeMap<>();

  private @Nullable TopicScan again;
  private final Deque<ConsumerRecord<byte[], byte[]>> read = new ArrayDeque<>();
  private final AtomicLong given = new AtomicLong();

  private KafkaStates(
      KafkaSettings settings,
      KeyFilter choice,
      VersionIndex index,
      long spoolBytes,
      Clock clock,
      Consumer<String> news) {
    this.clock = clock;
    this.news = news;
    this.settings = settings;
    this.choice = choice;
    this.index = index;
    this.spool = new StateBuffer(spoolBytes);
    this.tail = TopicTail.open(settings, this::accept);
  }

  /// Opens the clients. Reads nothing before [#readAll].
  ///
  /// @param spoolBytes for what is kept from the first reading
  /// @param news gets a line for each of the first keys that are left out
  static KafkaStates open(
      KafkaSettings settings,
      KeyFilter choice,
      VersionIndex index,
      long spoolBytes,
      Clock clock,
      Consumer<String> news) {
    return new KafkaStates(settings, choice, index, spoolBytes, clock, news);
  }

  private void accept(ConsumerRecord<byte[], byte[]> record) {
    records.incrementAndGet();
    List<AggregateState> states = KafkaStateReading.read(record);
    if (states.isEmpty()) {
      keyless.incrementAndGet();
    }
    states.stream()
        .filter(state -> choice.contains(state.key()))
        .forEach(state -> accept(state, record));
  }

  private void accept(AggregateState state, ConsumerRecord<byte[], byte[]> record) {
    switch (state) {
      case Cacheable cacheable -> {
        long known = index.saw(cacheable.key(), cacheable.version());
        gaps.saw(
            cacheable.key(),
            known,
            cacheable.version(),
            VersionGaps.isSure(record, clock),
            record.headers().lastHeader(EventHeaders.RESYNC) != null);
        keep(cacheable, record);
      }
      case Unreadable(String key, var version) -> {
        unreadable.incrementAndGet();
        version.ifPresentOrElse(known -> index.saw(key, known), () -> index.sawUnknown(key));
      }
    }
  }

  /// Keeps a state if it is to be kept. Once the spool is full, the reader follows the end of the
  /// topics without waiting for the consumer of the states.
  private void keep(Cacheable state, ConsumerRecord<?, ?> record) {
    if (!spoolIsWhole && index.covers(state.key())) {
      put(state, record);
    }
  }

  private synchronized void put(Cacheable state, ConsumerRecord<?, ?> record) {
    if (spoolIsWhole) {
      return;
    }
    spoolIsFull = spoolIsFull || !spool.add(state);
    if (spoolIsFull) {
      rest.putIfAbsent(new Partition(record.topic(), record.partition()), record.offset());
    } else {
      spooled++;
    }
  }

  /// Reads everything.
  ///
  /// @throws StopRequest.Stopped when the command is to end
  void readAll(StopRequest stopping, Progress progress) {
    tail.readToEnd(stopping, progress);
    synchronized (this) {
      spoolIsWhole = true;
      spool.flip();
      if (!rest.isEmpty()) {
        again = TopicScan.open(settings, new ScanStart.Offsets(rest), line -> {});
      }
    }
  }

  /// Returns when everything is known that the topics held when this was called.
  ///
  /// @throws StopRequest.Stopped when the command is to end
  void readToEnd(StopRequest stopping) {
    tail.readToEnd(stopping);
  }

  /// Returns the next state that is its key's newest, as far as is known now; empty at the end.
  ///
  /// @throws StopRequest.Stopped when the command is to end
  synchronized Optional<Cacheable> next(StopRequest stopping) {
    while (true) {
      Optional<Cacheable> candidate = candidate(stopping);
      if (candidate.isEmpty()) {
        return candidate;
      }
      given.incrementAndGet();
      Cacheable state = candidate.get();
      if (index.take(state.key(), state.version())) {
        Optional<Gap> gap = gaps.of(state.key());
        if (gap.isEmpty()) {
          return candidate;
        }
        leaveOut(state, gap.get());
      }
    }
  }

  private void leaveOut(Cacheable state, Gap gap) {
    if (gapped.getAndIncrement() < MOST_KEYS_NAMED) {
      news.accept(
          "left out: %s, whose version %d came without those after %d; resync sends its state again"
              .formatted(state.key(), state.version(), gap.after()));
    }
  }

  private Optional<Cacheable> candidate(StopRequest stopping) {
    Optional<Cacheable> kept = spool.next();
    TopicScan scan = again;
    if (kept.isPresent() || scan == null) {
      return kept;
    }
    while (true) {
      if (read.isEmpty()) {
        List<ConsumerRecord<byte[], byte[]>> more = scan.next(stopping);
        if (more.isEmpty()) {
          return Optional.empty();
        }
        read.addAll(more);
      }
      for (AggregateState state : KafkaStateReading.read(read.removeFirst())) {
        if (state instanceof Cacheable cacheable) {
          return Optional.of(cacheable);
        }
      }
    }
  }

  /// Returns the number of states to look at, including older ones of a key.
  synchronized long toGive() {
    return spooled + (again == null ? 0 : again.total());
  }

  long given() {
    return given.get();
  }

  /// Returns whether no newer state has come.
  boolean isNewest(Cacheable state) {
    return index.isNewest(state.key(), state.version()) && gaps.of(state.key()).isEmpty();
  }

  long records() {
    return records.get();
  }

  long keyless() {
    return keyless.get();
  }

  long unreadable() {
    return unreadable.get();
  }

  /// Returns the number of keys that were left out because versions before their newest are
  /// missing.
  long gapped() {
    return gapped.get();
  }

  @Override
  public void close() {
    try (var _ = again) {
      tail.close();
    }
  }
}
