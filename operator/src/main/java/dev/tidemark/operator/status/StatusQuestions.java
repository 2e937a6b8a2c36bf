package dev.tidemark.operator.status;

import dev.tidemark.cache.redis.EvictionTrial;
import dev.tidemark.event.Topics;
import dev.tidemark.invalidation.KafkaSettings;
import dev.tidemark.invalidation.RedisTarget;
import dev.tidemark.operator.audit.LastAudit;
import dev.tidemark.operator.run.Deadline;
import dev.tidemark.operator.run.OperatorSettings;
import dev.tidemark.service.settings.InvalidSettings;
import dev.tidemark.service.settings.KafkaClientSettings;
import dev.tidemark.service.settings.Setting;
import dev.tidemark.service.status.ApiReport;
import dev.tidemark.service.status.InvalidatorReport;
import dev.tidemark.service.status.RelayReport;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Questions of `status`, all asked at the same time, within one time limit. Confined to one
/// thread.
final class StatusQuestions implements AutoCloseable {

  private static final Setting<List<AdminPort>> RELAY =
      AdminPort.setting("relay", "OUTBOX_RELAY_ADMIN_URL", "http://127.0.0.1:8082");
  private static final Setting<List<AdminPort>> INVALIDATORS =
      AdminPort.setting("invalidator", "INVALIDATOR_ADMIN_URL", "http://127.0.0.1:8083");
  private static final Setting<List<AdminPort>> API =
      AdminPort.setting("product API", "PRODUCT_API_ADMIN_URL", "http://127.0.0.1:8081");

  static final List<Setting<?>> SETTINGS =
      List.of(
          RELAY,
          INVALIDATORS,
          API,
          Setting.note(
              "KAFKA_…, REDIS_URL",
              "as for the invalidator; a part without its address is not asked"));

  /// Share of the time that a part may take. It then reports itself what it knows and what not.
  private static final double FOR_A_PART = 0.9;

  private final AdminPort relay;
  private final List<AdminPort> invalidators;
  private final AdminPort api;
  private final Optional<KafkaPart> kafka;
  private final Optional<RedisTarget> redis;
  private final EvictionTrial trial;

  private StatusQuestions(
      AdminPort relay,
      List<AdminPort> invalidators,
      AdminPort api,
      Optional<KafkaPart> kafka,
      Optional<RedisTarget> redis,
      EvictionTrial trial) {
    this.relay = relay;
    this.invalidators = invalidators;
    this.api = api;
    this.kafka = kafka;
    this.redis = redis;
    this.trial = trial;
  }

  /// Asks nothing yet.
  ///
  /// @throws InvalidSettings naming every variable that is wrong
  static StatusQuestions from(Map<String, String> variables, Duration timeout) {
    boolean asksKafka = variables.containsKey(KafkaClientSettings.SERVERS.label());
    boolean asksRedis = RedisTarget.URL.names().stream().anyMatch(variables::containsKey);
    List<Setting<?>> needed = new ArrayList<>(SETTINGS);
    needed.addAll(asksKafka ? KafkaSettings.SETTINGS : List.of(KafkaSettings.TOPICS));
    needed.addAll(asksRedis ? RedisTarget.SETTINGS : List.of());
    Map<String, String> environment = OperatorSettings.SETTINGS.check(variables, needed);
    return new StatusQuestions(
        RELAY.from(environment).getFirst(),
        INVALIDATORS.from(environment),
        API.from(environment).getFirst(),
        asksKafka
            ? Optional.of(
                new KafkaPart(
                    KafkaSettings.from(environment),
                    KafkaClientSettings.GROUP.from(environment),
                    timeout))
            : Optional.empty(),
        asksRedis ? Optional.of(RedisTarget.from(environment)) : Optional.empty(),
        EvictionTrial.of(Topics.aggregateTypes(KafkaSettings.TOPICS.from(environment))));
  }

  /// Asks all parts, and returns at the end of the time at the latest.
  SystemStatus ask(Duration time, Clock clock) {
    Deadline end = Deadline.in(time);
    Deadline each = end.at(FOR_A_PART);
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    try {
      Future<PartStatus<RelayReport>> ofRelay = threads.submit(() -> RelayPart.ask(relay, each));
      Future<PartStatus<KafkaState>> ofKafka =
          threads.submit(
              question(
                  kafka.map(part -> () -> part.ask(each)),
                  KafkaPart.NAME,
                  KafkaClientSettings.SERVERS.label()));
      List<Future<PartStatus<InvalidatorReport>>> ofInvalidators = new ArrayList<>();
      for (AdminPort one : invalidators) {
        ofInvalidators.add(threads.submit(() -> InvalidatorPart.ask(one, each)));
      }
      Future<PartStatus<LastAudit>> ofRedis =
          threads.submit(
              question(
                  redis.map(target -> () -> RedisPart.ask(target, trial, each)),
                  RedisPart.NAME,
                  RedisTarget.URL.label()));
      Future<PartStatus<ApiReport>> ofApi = threads.submit(() -> ApiPart.ask(api, each));
      return SystemStatus.of(
          within(end, ofRelay, RelayPart.NAME, RelayPart.NAME),
          within(end, ofKafka, KafkaPart.NAME, KafkaPart.NAME),
          ofInvalidators.stream()
              .map(one -> within(end, one, InvalidatorPart.NAME, InvalidatorPart.WHAT))
              .toList(),
          within(end, ofRedis, RedisPart.NAME, RedisPart.NAME),
          within(end, ofApi, ApiPart.NAME, ApiPart.WHAT),
          clock.instant());
    } finally {
      // Late answers are dropped.
      threads.shutdownNow();
    }
  }

  private static <F> Callable<PartStatus<F>> question(
      Optional<Callable<PartStatus<F>>> question, String name, String variable) {
    return question.orElse(() -> PartStatus.notAsked(name, variable));
  }

  private static <F> PartStatus<F> within(
      Deadline end, Future<PartStatus<F>> answer, String name, String what) {
    try {
      return answer.get(end.left().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return PartStatus.unknown(name, what);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return PartStatus.unknown(name, what);
    } catch (ExecutionException e) {
      return PartStatus.unanswered(
          name, what, "it could not be asked", String.valueOf(e.getCause()));
    }
  }

  @Override
  public void close() {
    kafka.ifPresent(KafkaPart::close);
  }
}
