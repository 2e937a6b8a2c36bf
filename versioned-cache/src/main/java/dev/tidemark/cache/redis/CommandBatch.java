package dev.tidemark.cache.redis;

import dev.tidemark.cache.redis.CommandBatch.Answer.Given;
import dev.tidemark.cache.redis.CommandBatch.Answer.NotGiven;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisException;

/// Sends many single-key commands in one round trip and returns an answer for each. Thread-safe.
///
/// A cluster pipeline leaves the answers of a failed node unset, and follows no redirection (H37).
/// So each answer is checked, and commands without a proper answer are sent again singly, where the
/// client follows redirections and the script is sent in full.
final class CommandBatch {

  /// Number of commands in a row that could not even be sent after which the pipeline accepts no
  /// more: each may cost a timeout.
  private static final int MAX_FAILURES_IN_A_ROW = 5;

  private static final Logger log = LoggerFactory.getLogger(CommandBatch.class);

  /// Answer for one item.
  sealed interface Answer<R> {
    record Given<R>(@Nullable R value) implements Answer<R> {}

    record NotGiven<R>(JedisException cause) implements Answer<R> {}
  }

  private final UnifiedJedis client;

  CommandBatch(UnifiedJedis client) {
    this.client = client;
  }

  /// Sends a command for each item.
  ///
  /// @param append puts the command for an item into the pipeline
  /// @param single the same command by itself
  /// @param repeatable which failures let a command be sent again
  /// @return one answer for each item, in their order
  <I, R> List<Answer<R>> run(
      List<I> items,
      BiFunction<AbstractPipeline, I, Response<R>> append,
      Function<I, @Nullable R> single,
      Predicate<JedisException> repeatable) {
    Sent<R> sent = send(items, append);
    List<Answer<R>> answers = new ArrayList<>(items.size());
    for (int i = 0; i < items.size(); i++) {
      answers.add(sent.answer(i));
    }
    repeatNotGiven(items, answers, single, repeatable);
    return answers;
  }

  /// Repeats them all at the same time: those of a dead node wait for the same timeout, and delay
  /// no other.
  private static <I, R> void repeatNotGiven(
      List<I> items,
      List<Answer<R>> answers,
      Function<I, @Nullable R> single,
      Predicate<JedisException> repeatable) {
    int[] again =
        IntStream.range(0, items.size())
            .filter(
                i ->
                    answers.get(i) instanceof NotGiven<R>(JedisException cause)
                        && repeatable.test(cause))
            .toArray();
    if (again.length == 0) {
      return;
    }
    Map<Integer, Future<Answer<R>>> repeated = new HashMap<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i : again) {
        I item = items.get(i);
        repeated.put(i, threads.submit(() -> repeat(item, single)));
      }
    }
    repeated.forEach((i, answer) -> answers.set(i, answer.resultNow()));
  }

  private <I, R> Sent<R> send(List<I> items, BiFunction<AbstractPipeline, I, Response<R>> append) {
    List<Optional<Response<R>>> responses = new ArrayList<>(items.size());
    JedisException failure = new JedisException("no answer in the pipeline");
    try (AbstractPipeline pipeline = client.pipelined()) {
      int failuresInARow = 0;
      for (I item : items) {
        if (failuresInARow == MAX_FAILURES_IN_A_ROW) {
          break;
        }
        try {
          responses.add(Optional.of(append.apply(pipeline, item)));
          failuresInARow = 0;
        } catch (JedisException e) {
          responses.add(Optional.empty());
          failuresInARow++;
        }
      }
      pipeline.sync();
    } catch (RuntimeException e) {
      // Catches also other exceptions than Jedis's own: after a lost node a cluster pipeline fails
      // in its own bookkeeping. Missing answers show it, and each of them is requested again.
      log.atDebug().setCause(e).log("a pipeline failed");
      if (e instanceof JedisException whole) {
        failure = whole;
      }
    }
    responses.addAll(Collections.nCopies(items.size() - responses.size(), Optional.empty()));
    return new Sent<>(responses, failure);
  }

  /// Result of a pipeline.
  ///
  /// @param responses empty for an item that could not even be sent
  /// @param failure why answers are missing, if any are
  private record Sent<R>(List<Optional<Response<R>>> responses, JedisException failure) {

    Answer<R> answer(int i) {
      try {
        return responses
            .get(i)
            .<Answer<R>>map(Sent::given)
            .orElseGet(() -> new NotGiven<>(failure));
      } catch (JedisException e) {
        return new NotGiven<>(e);
      } catch (IllegalStateException unset) {
        return new NotGiven<>(failure);
      }
    }

    private static <R> Answer<R> given(Response<R> response) {
      return new Given<>(response.get());
    }
  }

  private static <I, R> Answer<R> repeat(I item, Function<I, @Nullable R> single) {
    try {
      return new Given<>(single.apply(item));
    } catch (JedisException e) {
      return new NotGiven<>(e);
    }
  }
}
