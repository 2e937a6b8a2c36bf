package dev.tidemark.cache;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/// Sends many single-key commands in one round trip and comes back with an answer for each.
/// Thread-safe.
///
/// A cluster pipeline leaves the answers of a failed node unset, and follows no redirection (H37).
/// So each answer is looked at, and what was not answered properly is sent again singly, where the
/// client follows redirections and the script is sent in full.
final class CommandBatch {

  /// After so many single commands in a row without an answer the rest is not tried: each may cost
  /// a timeout.
  private static final int MAX_FAILURES_IN_A_ROW = 5;

  /// What came back for one item.
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
  /// @return one answer for each item, in their order
  <I, R> List<Answer<R>> run(
      List<I> items,
      BiFunction<AbstractPipeline, I, Response<R>> append,
      Function<I, @Nullable R> single) {
    List<Optional<Response<R>>> responses = send(items, append);
    List<Answer<R>> answers = new ArrayList<>(items.size());
    int failuresInARow = 0;
    JedisException lastFailure = new JedisException("not sent");
    for (int i = 0; i < items.size(); i++) {
      Answer<R> answer =
          responses.get(i).map(CommandBatch::read).orElse(new Answer.NotGiven<>(lastFailure));
      if (answer instanceof Answer.NotGiven<R> && failuresInARow < MAX_FAILURES_IN_A_ROW) {
        answer = repeat(items.get(i), single);
        if (answer instanceof Answer.NotGiven<R>(JedisException cause)
            && !(cause instanceof JedisDataException)) {
          failuresInARow++;
          lastFailure = cause;
        } else {
          failuresInARow = 0;
        }
      }
      answers.add(answer);
    }
    return answers;
  }

  /// Empty for an item that could not even be sent.
  private <I, R> List<Optional<Response<R>>> send(
      List<I> items, BiFunction<AbstractPipeline, I, Response<R>> append) {
    List<Optional<Response<R>>> responses = new ArrayList<>(items.size());
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
    } catch (JedisException e) {
      // The answers that are missing tell it; each is asked for again.
    }
    responses.addAll(Collections.nCopies(items.size() - responses.size(), Optional.empty()));
    return responses;
  }

  private static <R> Answer<R> read(Response<R> response) {
    try {
      return new Answer.Given<>(response.get());
    } catch (JedisException e) {
      return new Answer.NotGiven<>(e);
    } catch (IllegalStateException unset) {
      return new Answer.NotGiven<>(new JedisException("no answer in the pipeline", unset));
    }
  }

  private static <I, R> Answer<R> repeat(I item, Function<I, @Nullable R> single) {
    try {
      return new Answer.Given<>(single.apply(item));
    } catch (JedisException e) {
      return new Answer.NotGiven<>(e);
    }
  }
}
