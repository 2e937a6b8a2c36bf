package dev.tidemark.operator.run;

import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.invalidation.Unavailable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;

/// Batches of operations on the cache, repeated until each is answered. Unanswered operations are
/// asked again after a growing pause; the others are not. Confined to one thread.
public final class RetryingBatches {

  /// Longest time for which Redis may give no answer.
  public static final Duration PATIENCE = Duration.ofMinutes(1);

  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

  private final StopRequest stopping;
  private final Consumer<String> news;
  private final Duration patience;

  /// @param news gets a line when Redis gives no answer
  public RetryingBatches(StopRequest stopping, Consumer<String> news, Duration patience) {
    this.stopping = stopping;
    this.news = news;
    this.patience = patience;
  }

  /// Applies an operation to each item.
  ///
  /// @return the answers in the order of the items
  /// @throws StopRequest.Stopped when the command is to end before all are there
  /// @throws Unavailable when patience is at its end
  public <I, T> List<T> all(List<I> items, Function<List<I>, List<Outcome<T>>> operation) {
    Map<Integer, T> answers = new TreeMap<>();
    List<Integer> open = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      open.add(i);
    }
    long begin = System.nanoTime();
    Duration pause = FIRST_PAUSE;
    while (!open.isEmpty()) {
      Optional<EntryStoreException> fault = attempt(items, open, operation, answers);
      if (fault.isPresent()) {
        pause = pause(fault.get(), pause, begin);
        stopping.pause(pause);
      }
    }
    return List.copyOf(answers.values());
  }

  /// Applies an operation that has no batch to each item.
  public <I, T> List<T> each(List<I> items, Function<I, T> operation) {
    return all(items, batch -> batch.stream().map(item -> outcome(item, operation)).toList());
  }

  private static <I, T> Outcome<T> outcome(I item, Function<I, T> operation) {
    try {
      return new Outcome.Applied<>(operation.apply(item));
    } catch (EntryStoreException e) {
      return new Outcome.Failed<>(e);
    }
  }

  /// Removes the answered items from `open`.
  private static <I, T> Optional<EntryStoreException> attempt(
      List<I> items,
      List<Integer> open,
      Function<List<I>, List<Outcome<T>>> operation,
      Map<Integer, T> answers) {
    List<Outcome<T>> outcomes = operation.apply(open.stream().map(items::get).toList());
    Optional<EntryStoreException> fault = Optional.empty();
    List<Integer> still = new ArrayList<>();
    for (int i = 0; i < open.size(); i++) {
      switch (outcomes.get(i)) {
        case Outcome.Applied<T>(T answer) -> answers.put(open.get(i), answer);
        case Outcome.Failed<T>(EntryStoreException cause) -> {
          still.add(open.get(i));
          fault = Optional.of(cause);
        }
      }
    }
    open.clear();
    open.addAll(still);
    return fault;
  }

  private Duration pause(EntryStoreException fault, Duration last, long begin) {
    if (System.nanoTime() - begin > patience.toNanos()) {
      throw new Unavailable(
          "Redis has given no answer for %d s (%s): see that it runs, that it has memory, and that REDIS_URL, or --data DIR, is right"
              .formatted(patience.toSeconds(), fault.getMessage()));
    }
    if (last.equals(FIRST_PAUSE)) {
      news.accept("trying again: " + fault.getMessage());
    }
    Duration doubled = last.multipliedBy(2);
    return doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
  }
}
