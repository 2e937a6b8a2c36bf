package dev.tidemark.relay.session;

import static java.util.stream.Collectors.joining;

import dev.tidemark.relay.checks.DatabaseCheck;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.sink.EventSink;
import dev.tidemark.relay.sink.KafkaEventSink;
import dev.tidemark.relay.sink.KafkaPositions;
import dev.tidemark.relay.sink.PostgresOutbox;
import dev.tidemark.relay.sink.PublishedEvents;
import dev.tidemark.relay.sink.RefusedRecords;
import dev.tidemark.relay.source.ChangeSource;
import dev.tidemark.relay.source.DebeziumChangeSource;
import dev.tidemark.relay.source.StreamFailed;
import dev.tidemark.relay.status.Finding;
import dev.tidemark.relay.status.Finding.Severity;
import dev.tidemark.relay.status.RelayMetrics;
import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.relay.status.RelayStatus.Failed;
import dev.tidemark.relay.status.RelayStatus.StandingBy;
import dev.tidemark.relay.status.RelayStatus.Starting;
import dev.tidemark.relay.status.RelayStatus.Streaming;
import dev.tidemark.relay.status.SlotState;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// Carries changes from the log to Kafka until it is closed.
///
/// It works in sessions. A session takes the leadership, takes over from the relay that published
/// before, reads what was published, fetches from the table the rows that the slot will not bring,
/// and streams. The remedy for every fault is the same: end the session and begin another, from the
/// slot's confirmed position. There is no second way to recover, so this one is used and tested
/// often.
public final class Relay {
  private static final Logger log = LoggerFactory.getLogger(Relay.class);

  /// Interval at which a standby relay checks whether it may lead. It is most of the time that a
  /// take-over needs.
  private static final Duration STANDBY_POLL = Duration.ofMillis(250);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);
  private static final Duration REMINDER = Duration.ofMinutes(1);

  private final Configuration configuration;
  private final DataSource database;
  private final Clock clock;
  private final RelayStatus status;
  private final RelayMetrics metrics;
  private final Function<SlotState, EventSink> sinks;
  private final Supplier<ChangeSource> sources;
  private final PostgresOutbox outbox;
  private final PublishedEvents history;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicReference<@Nullable Runnable> stop = new AtomicReference<>();
  private Duration pause = FIRST_PAUSE;
  private boolean isRehearsed;
  private String toldReason = "";
  private long toldAt;

  /// @param database for statements that answer soon
  /// @param sinks opens a sink; the slot is as it was before the session has confirmed anything
  /// @param sources returns a new source
  Relay(
      Configuration configuration,
      DataSource database,
      Clock clock,
      RelayStatus status,
      RelayMetrics metrics,
      Function<SlotState, EventSink> sinks,
      Supplier<ChangeSource> sources) {
    this.configuration = configuration;
    this.database = database;
    this.clock = clock;
    this.status = status;
    this.metrics = metrics;
    this.sinks = sinks;
    this.sources = sources;
    this.outbox = new PostgresOutbox(configuration.dataSourceForScans());
    this.history = new PublishedEvents(configuration, status::doing);
  }

  /// Returns a relay from PostgreSQL by Debezium to Kafka.
  ///
  /// @param status receives the current activity, and the topics that are filled
  public static Relay of(
      Configuration configuration, Clock clock, RelayStatus status, RelayMetrics metrics) {
    var refused = new RefusedRecords(System::nanoTime);
    return new Relay(
        configuration,
        configuration.dataSource(),
        clock,
        status,
        metrics,
        slot -> KafkaEventSink.open(configuration, slot, refused, status),
        () -> new DebeziumChangeSource(configuration));
  }

  /// Returns after [#close]. The calling thread is the relay's owner.
  public void run() {
    try {
      while (!closedWithin(Duration.ZERO)) {
        try {
          status.phase(new Starting());
          session();
        } catch (RuntimeException e) {
          status.phase(new Failed(reasonOf(e)));
          tell(reasonOf(e));
          log.atDebug().setCause(e).log("session failure");
          closedWithin(pause);
          pause = min(pause.multipliedBy(2), LONGEST_PAUSE);
        }
      }
    } finally {
      ended.countDown();
    }
  }

  /// Ends after the current batch, and waits for that.
  public void close() throws InterruptedException {
    closed.countDown();
    var underWay = stop.get();
    if (underWay != null) {
      underWay.run();
    }
    ended.await();
  }

  private void session() {
    try (var leadership = new Leadership(database, configuration.slot())) {
      while (!leadership.tryAcquire()) {
        if (!(status.phase() instanceof StandingBy)) {
          status.phase(new StandingBy());
          log.info("standing by: another relay is active");
          rehearse();
        }
        if (closedWithin(STANDBY_POLL)) {
          return;
        }
      }
      leadership.freeSlot();
      var errors = errors();
      requireNone(errors, Severity.ERROR);
      var slot = slot();
      status.doing("taking over from the relay before, and reading how far it came");
      try (var sink = sinks.apply(slot);
          var visibility = new PostgresVisibility(database, status)) {
        var session = Session.takeOver(sink, this::slot, outbox, history, status, metrics);
        if (status.findings().rowsPassBy()) {
          throw session.giveUpTheSlot(text(errors));
        }
        var doubt = session.doubt();
        if (doubt.isPresent()) {
          repair(doubt.get(), session, leadership, visibility);
        }
        stream(session, leadership, visibility);
      } finally {
        stop.set(null);
      }
    }
  }

  private void repair(
      String doubt, Session session, Leadership leadership, PostgresVisibility visibility) {
    try (var repair =
        new Repair(
            new PostgresSlot(configuration.database(), configuration.slot()),
            configuration.dataSourceForScans(),
            visibility,
            history,
            clock)) {
      if (registerStop(both(visibility::close, repair::close), leadership)) {
        return;
      }
      session.repair(doubt, repair);
    }
  }

  /// Rehearses beside the wait, which it must not lengthen. Without it a take-over takes a little
  /// longer.
  private void rehearse() {
    if (!isRehearsed) {
      isRehearsed = true;
      Thread.ofPlatform()
          .daemon()
          .name("rehearsal")
          .uncaughtExceptionHandler(
              (thread, e) -> log.atDebug().setCause(e).log("take-over rehearsal failed"))
          .start(
              () -> {
                performStepsOfATakeOver();
                log.info("ready to take over");
              });
    }
  }

  /// Performs the steps of a take-over once, as far as that disturbs nobody, so that the real one
  /// finds its classes loaded. A sink fences nobody as long as it does not take over.
  private void performStepsOfATakeOver() {
    var slot = slot();
    try (var _ = sinks.apply(slot)) {
      new KafkaPositions(configuration, slot).read();
    }
    new PublishedEvents(configuration, doing -> {}).newestVersions(Session.REMEMBERED_RECORDS);
  }

  private void stream(Session session, Leadership leadership, PostgresVisibility visibility) {
    try (var source = sources.get()) {
      if (registerStop(both(visibility::close, source::close), leadership)) {
        return;
      }
      session.begin();
      status.phase(new Streaming());
      log.info("streaming");
      source.run(
          new ChangeSource.Receiver() {
            @Override
            public void announce() {
              visibility.lookAhead();
            }

            @Override
            public void receive(ChangeSource.Batch batch) {
              visibility.await(batch.changes());
              leadership.requireHeld();
              if (session.receive(batch)) {
                pause = FIRST_PAUSE;
              }
            }
          });
      leadership.requireHeld();
    }
  }

  private static Runnable both(Runnable first, Runnable second) {
    return () -> {
      first.run();
      second.run();
    };
  }

  /// Registers an action for the case that the relay is closed or loses the leadership.
  ///
  /// @return whether it is closed already
  private boolean registerStop(Runnable newStop, Leadership leadership) {
    stop.set(newStop);
    leadership.whenLost(
        () -> {
          status.phase(new Failed("this relay is no longer the active one"));
          newStop.run();
        });
    return closedWithin(Duration.ZERO);
  }

  private SlotState slot() {
    return PostgresSlot.state(database, configuration.slot());
  }

  /// Checks the database. Kafka is checked beside the session, because a take-over must not wait
  /// for that.
  private List<Finding> errors() {
    var check = new DatabaseCheck(database, configuration.slot());
    var found = check.findings();
    status.findings().found(check.server(), found);
    return found.stream().filter(Finding::isError).toList();
  }

  private static void requireNone(List<Finding> errors, Severity severity) {
    if (errors.stream().anyMatch(error -> error.severity() == severity)) {
      throw new StreamFailed(text(errors), null);
    }
  }

  private static String text(List<Finding> errors) {
    return errors.stream().map(Finding::text).collect(joining("; "));
  }

  private boolean closedWithin(Duration time) {
    try {
      return closed.await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true;
    }
  }

  /// Logs a reason. The same reason again is logged only now and then.
  private void tell(String reason) {
    boolean isNews = !reason.equals(toldReason) || System.nanoTime() - toldAt > REMINDER.toNanos();
    log.atLevel(isNews ? Level.WARN : Level.DEBUG)
        .addKeyValue("reason", reason)
        .addKeyValue("pause", pause)
        .log("session failed; restarting");
    if (isNews) {
      toldReason = reason;
      toldAt = System.nanoTime();
    }
  }

  /// Returns the messages of an exception and its causes, outermost first, each once.
  private static String reasonOf(Throwable failure) {
    var reason = new StringBuilder(String.valueOf(failure.getMessage()));
    for (var cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      var message = String.valueOf(cause.getMessage());
      if (reason.indexOf(message) < 0) {
        reason.append(": ").append(message);
      }
    }
    return reason.toString();
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
