package dev.tidemark.cache.redis;

import dev.tidemark.cache.redis.CommandBatch.Answer;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.cache.store.Outcome.Applied;
import dev.tidemark.cache.store.Outcome.Failed;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisException;

/// Runs operations of the protocol in Redis, one or many in a round trip, and returns the outcome
/// of each. Thread-safe.
final class ScriptOperations {

  private final UnifiedJedis client;
  private final CommandBatch batches;

  ScriptOperations(UnifiedJedis client, CommandBatch batches) {
    this.client = client;
    this.batches = batches;
  }

  /// One operation of the protocol on one key: a script, and the meaning of its answer.
  record Operation<R>(
      String name, String key, Script.Call script, Function<@Nullable Object, R> meaning) {}

  <R> R run(Operation<R> operation) {
    return operation
        .meaning()
        .apply(call(operation.name(), operation.key(), () -> operation.script().run(client)));
  }

  <R> List<Outcome<R>> run(List<Operation<R>> operations) {
    return run(operations, RedisFault::isNoTimeout);
  }

  <R> List<Outcome<R>> run(List<Operation<R>> operations, Predicate<JedisException> repeatable) {
    if (operations.isEmpty()) {
      return List.of();
    }
    if (operations.size() == 1) {
      return List.of(outcome(() -> run(operations.getFirst())));
    }
    List<Answer<Object>> answers =
        batches.run(
            operations,
            (pipeline, operation) -> operation.script().append(pipeline),
            operation -> operation.script().run(client),
            repeatable);
    return outcomes(
        operations,
        answers,
        (operation, answer) ->
            switch (answer) {
              case Answer.Given<Object> given -> operation.meaning().apply(given.value());
              case Answer.NotGiven<Object>(JedisException cause) ->
                  throw failed(operation.name(), operation.key(), cause);
            });
  }

  interface Reading<I, A, R> {
    R read(I item, Answer<A> answer);
  }

  static <I, A, R> List<Outcome<R>> outcomes(
      List<I> items, List<Answer<A>> answers, Reading<I, A, R> reading) {
    return IntStream.range(0, items.size())
        .mapToObj(i -> outcome(() -> reading.read(items.get(i), answers.get(i))))
        .toList();
  }

  static <R> Outcome<R> outcome(Supplier<R> operation) {
    try {
      return new Applied<>(operation.get());
    } catch (EntryStoreException e) {
      return new Failed<>(e);
    }
  }

  static <T extends @Nullable Object> T call(String operation, String key, Supplier<T> command) {
    try {
      return command.get();
    } catch (JedisException e) {
      throw failed(operation, key, e);
    }
  }

  static EntryStoreException failed(String operation, String key, JedisException cause) {
    return RedisFault.exception("Redis gave no answer to " + operation + " of " + key, cause);
  }
}
