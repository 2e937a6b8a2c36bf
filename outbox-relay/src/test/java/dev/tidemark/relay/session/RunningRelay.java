package dev.tidemark.relay.session;

import dev.tidemark.relay.checks.DatabaseCheck;
import dev.tidemark.relay.checks.KafkaCheck;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.sink.EventSink;
import dev.tidemark.relay.sink.KafkaEventSink;
import dev.tidemark.relay.sink.PublishedRows;
import dev.tidemark.relay.sink.PublishedRows.Progress;
import dev.tidemark.relay.sink.RefusedRecords;
import dev.tidemark.relay.sink.TakenOver;
import dev.tidemark.relay.source.Change;
import dev.tidemark.relay.source.ChangeSource;
import dev.tidemark.relay.source.DebeziumChangeSource;
import dev.tidemark.relay.status.RelayMetrics;
import dev.tidemark.relay.status.RelayStatus;
import io.opentelemetry.api.OpenTelemetry;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Jdbi;

/// A relay inside the test's own process, with the real parts, that can be made to die at the worst
/// moment.
public final class RunningRelay implements AutoCloseable {
  /// Pauses of the housekeeping. Many tests wait for the next check or heartbeat, so these are
  /// shorter than those of a relay in production. The care for partitions comes as seldom as there:
  /// it may hold the outbox while it waits for the slot.
  private static final Housekeeping.Pauses PAUSES =
      new Housekeeping.Pauses(
          Duration.ofMillis(500), Duration.ofSeconds(1), Housekeeping.Pauses.DEFAULT.outbox());

  private static final int CHECK_TIMEOUT_MS = 3_000;

  private final RelayStatus status = new RelayStatus(Clock.systemUTC());
  private final AtomicInteger deaths = new AtomicInteger();
  private final Housekeeping housekeeping;
  private final Relay relay;
  private final Thread owner;

  private RunningRelay(
      Map<String, String> environment,
      int deathsWanted,
      boolean forgetful,
      boolean hasHousekeeping,
      Runnable betweenTakeOverAndStream,
      UnaryOperator<ChangeSource> connector) {
    var configuration = Configuration.from(environment);
    var source = configuration.dataSource();
    var refused = new RefusedRecords(System::nanoTime);
    housekeeping =
        new Housekeeping(
            Jdbi.create(source),
            configuration.slot(),
            configuration.retention(),
            List.of(
                new DatabaseCheck(source, configuration.slot()),
                new KafkaCheck(configuration, status, CHECK_TIMEOUT_MS)),
            status,
            PAUSES);
    relay =
        new Relay(
            configuration,
            source,
            Clock.systemUTC(),
            status,
            new RelayMetrics(OpenTelemetry.noop().getMeter("it"), status),
            slot ->
                new DyingSink(
                    KafkaEventSink.open(configuration, slot, refused, status),
                    deaths,
                    deathsWanted,
                    forgetful,
                    betweenTakeOverAndStream),
            () -> connector.apply(new DebeziumChangeSource(configuration)));
    owner = Thread.ofPlatform().name("relay").start(relay::run);
    if (hasHousekeeping) {
      housekeeping.start();
    }
  }

  public static RunningRelay start(Map<String, String> environment) {
    return new RunningRelay(environment, 0, false, true, () -> {}, source -> source);
  }

  /// Starts a relay that sends no heartbeats.
  static RunningRelay startWithoutHousekeeping(Map<String, String> environment) {
    return new RunningRelay(environment, 0, false, false, () -> {}, source -> source);
  }

  /// Starts a relay that reads the log through an object between the real source and the relay.
  public static RunningRelay start(
      Map<String, String> environment, UnaryOperator<ChangeSource> connector) {
    return new RunningRelay(environment, 0, false, true, () -> {}, connector);
  }

  /// Starts a relay that dies so many times at the sink: right after a batch was published and
  /// before it could be confirmed, then right before a batch that is not the session's first is
  /// published, and so on in turn.
  static RunningRelay start(Map<String, String> environment, int deaths) {
    return new RunningRelay(environment, deaths, false, true, () -> {}, source -> source);
  }

  /// Starts the same, which does not remember what it had published.
  static RunningRelay startForgetful(Map<String, String> environment, int deaths) {
    return new RunningRelay(environment, deaths, true, true, () -> {}, source -> source);
  }

  /// Starts a relay that runs an action once, when it has read back what is published and before it
  /// streams.
  static RunningRelay start(Map<String, String> environment, Runnable betweenTakeOverAndStream) {
    var happened = new AtomicBoolean();
    return new RunningRelay(
        environment,
        0,
        false,
        true,
        () -> {
          if (!happened.getAndSet(true)) {
            betweenTakeOverAndStream.run();
          }
        },
        source -> source);
  }

  public RelayStatus status() {
    return status;
  }

  int deaths() {
    return deaths.get();
  }

  @Override
  public void close() {
    housekeeping.close();
    try {
      relay.close();
      owner.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while the relay drained", e);
    }
  }

  private static final class DyingSink implements EventSink {
    private final EventSink real;
    private final AtomicInteger deaths;
    private final int wanted;
    private final boolean forgetful;
    private final Runnable afterTakeOver;
    private boolean hasPublished;

    DyingSink(
        EventSink real,
        AtomicInteger deaths,
        int wanted,
        boolean forgetful,
        Runnable afterTakeOver) {
      this.real = real;
      this.deaths = deaths;
      this.wanted = wanted;
      this.forgetful = forgetful;
      this.afterTakeOver = afterTakeOver;
    }

    @Override
    public TakenOver takeOver() {
      var memory = real.takeOver();
      afterTakeOver.run();
      return forgetful ? new TakenOver(new PublishedRows(), memory.reach()) : memory;
    }

    @Override
    public int publish(List<Change> changes, Progress progress) {
      if (changes.isEmpty()) {
        return real.publish(changes, progress);
      }
      boolean dies = deaths.get() < wanted;
      boolean diesAfter = deaths.get() % 2 == 0;
      if (dies && !diesAfter && hasPublished) {
        die("before", changes);
      }
      int letters = real.publish(changes, progress);
      hasPublished = true;
      if (dies && diesAfter) {
        die("after", changes);
      }
      return letters;
    }

    private void die(String when, List<Change> changes) {
      deaths.incrementAndGet();
      throw new IllegalStateException(
          "died %s publishing %d changes".formatted(when, changes.size()));
    }

    @Override
    public void close() {
      real.close();
    }
  }
}
