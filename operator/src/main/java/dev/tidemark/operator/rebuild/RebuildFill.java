package dev.tidemark.operator.rebuild;

import dev.tidemark.cache.TimeToLive;
import dev.tidemark.cache.store.Acquisition;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.EntryStoreException.Fault;
import dev.tidemark.cache.store.FillResult;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.cache.store.Outcome;
import dev.tidemark.cache.store.Outcome.Applied;
import dev.tidemark.cache.store.Outcome.Failed;
import dev.tidemark.cache.store.RefreshResult;
import dev.tidemark.operator.rebuild.AggregateState.Cacheable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Predicate;

/// Writes states to the cache as a reader does that fills, with the topic as its source: it takes
/// the leases, *then* reads the topic to its end, and fills only what is still newest (H42). So a
/// state whose eviction was applied before the lease is known to be old, and one whose eviction
/// comes after it is refused by the floor.
///
/// An older value in the cache is refreshed, which may come late. If another reader is filling the
/// key, its floor is raised. Thread-safe.
final class RebuildFill {

  /// Result for one state.
  enum Verdict {
    FILLED,
    REFRESHED,
    ALREADY_FRESH,
    /// Another reader holds the lease, and will not fill anything older.
    BEING_FILLED,
    /// A newer state came in between. It is left to the readers.
    OVERTAKEN
  }

  private final EntryStore store;
  private final TimeToLive lives;
  private final Duration leaseTtl;
  private final Runnable readToEnd;
  private final Predicate<Cacheable> isNewest;

  /// @param leaseTtl longer than the topic's end takes to read
  /// @param readToEnd returns when all is known that the topic held when this was called
  /// @param isNewest whether, as far as is known, there is no newer state
  RebuildFill(
      EntryStore store,
      TimeToLive lives,
      Duration leaseTtl,
      Runnable readToEnd,
      Predicate<Cacheable> isNewest) {
    this.store = store;
    this.lives = lives;
    this.leaseTtl = leaseTtl;
    this.readToEnd = readToEnd;
    this.isNewest = isNewest;
  }

  /// Tries once. A failed operation may be tried again, with another token, because an operation
  /// with this one may still be on its way.
  List<Outcome<Verdict>> attempt(List<Cacheable> states) {
    return new Attempt(states).run();
  }

  /// Looks the states up and changes nothing.
  List<Outcome<Verdict>> lookup(List<Cacheable> states) {
    List<Outcome<Lookup>> found = store.lookup(states.stream().map(Cacheable::key).toList());
    List<Outcome<Verdict>> outcomes = new ArrayList<>();
    for (int i = 0; i < states.size(); i++) {
      outcomes.add(
          switch (found.get(i)) {
            case Applied<Lookup>(Lookup lookup) -> new Applied<>(verdict(states.get(i), lookup));
            case Failed<Lookup>(EntryStoreException cause) -> new Failed<>(cause);
          });
    }
    return outcomes;
  }

  private static Verdict verdict(Cacheable state, Lookup found) {
    return switch (found) {
      case Lookup.Miss() -> Verdict.FILLED;
      case Lookup.Filling _ -> Verdict.BEING_FILLED;
      case Lookup.Hit(CachedValue value) ->
          value.version() < state.version() ? Verdict.REFRESHED : Verdict.ALREADY_FRESH;
    };
  }

  /// One attempt. Confined to one thread.
  private final class Attempt {

    private final List<Cacheable> states;
    private final String token = UUID.randomUUID().toString();
    private final Outcome<Verdict>[] outcomes;
    private final List<Integer> leased = new ArrayList<>();
    private final List<Integer> held = new ArrayList<>();

    @SuppressWarnings({"unchecked", "rawtypes"}) // Java has no arrays of generic types.
    Attempt(List<Cacheable> states) {
      this.states = states;
      this.outcomes = new Outcome[states.size()];
    }

    List<Outcome<Verdict>> run() {
      acquire();
      if (!leased.isEmpty()) {
        fill();
      }
      if (!held.isEmpty()) {
        refresh();
      }
      return Arrays.stream(outcomes).map(Objects::requireNonNull).toList();
    }

    private void acquire() {
      List<Outcome<Acquisition>> acquired =
          store.acquire(states.stream().map(Cacheable::key).toList(), token, leaseTtl);
      for (int i = 0; i < states.size(); i++) {
        Cacheable state = states.get(i);
        switch (acquired.get(i)) {
          case Applied<Acquisition>(Acquisition.Acquired()) -> leased.add(i);
          case Applied<Acquisition>(Acquisition.AlreadyCached(CachedValue value))
              when value.version() >= state.version() ->
              answer(i, Verdict.ALREADY_FRESH);
          case Applied<Acquisition>(Acquisition.AlreadyCached _) -> held.add(i);
          case Applied<Acquisition>(Acquisition.BeingFilled _) -> held.add(i);
          case Failed<Acquisition>(EntryStoreException cause) -> outcomes[i] = new Failed<>(cause);
        }
      }
    }

    private void fill() {
      try {
        readToEnd.run();
      } catch (RuntimeException e) {
        leased.forEach(this::release);
        throw e;
      }
      List<Integer> newest = new ArrayList<>();
      for (int i : leased) {
        if (isNewest.test(states.get(i))) {
          newest.add(i);
        } else {
          release(i);
          answer(i, Verdict.OVERTAKEN);
        }
      }
      List<Outcome<FillResult>> filled =
          store.fill(
              token,
              newest.stream()
                  .map(states::get)
                  .map(state -> lives.offer(state.key(), state.value()))
                  .toList());
      for (int n = 0; n < newest.size(); n++) {
        int i = newest.get(n);
        switch (filled.get(n)) {
          case Applied<FillResult>(FillResult.Stored()) -> answer(i, Verdict.FILLED);
          case Applied<FillResult>(FillResult.Superseded _) -> answer(i, Verdict.OVERTAKEN);
          case Applied<FillResult>(FillResult.LeaseLost()) ->
              outcomes[i] = new Failed<>(notDone("its lease was gone before it was filled", i));
          case Failed<FillResult>(EntryStoreException cause) -> outcomes[i] = new Failed<>(cause);
        }
      }
    }

    private void refresh() {
      List<Outcome<RefreshResult>> refreshed =
          store.refresh(
              held.stream()
                  .map(states::get)
                  .map(state -> lives.offer(state.key(), state.value()))
                  .toList());
      for (int n = 0; n < held.size(); n++) {
        int i = held.get(n);
        switch (refreshed.get(n)) {
          case Applied<RefreshResult>(RefreshResult result) ->
              answer(
                  i,
                  switch (result) {
                    case REFRESHED -> Verdict.REFRESHED;
                    case ALREADY_FRESH -> Verdict.ALREADY_FRESH;
                    case FLOOR_RAISED -> Verdict.BEING_FILLED;
                    // The entry that was there a moment ago was evicted.
                    case ABSENT -> Verdict.OVERTAKEN;
                  });
          case Failed<RefreshResult>(EntryStoreException cause) ->
              outcomes[i] = new Failed<>(cause);
        }
      }
    }

    private void answer(int i, Verdict verdict) {
      outcomes[i] = new Applied<>(verdict);
    }

    private EntryStoreException notDone(String reason, int i) {
      String words = states.get(i).key() + ": " + reason;
      return new EntryStoreException(words, Fault.REFUSED, new IllegalStateException(words));
    }

    /// Releases a lease. Otherwise readers would have to wait for its end.
    private void release(int i) {
      try {
        store.release(states.get(i).key(), token);
      } catch (EntryStoreException endsByItself) {
        // The lease expires soon enough.
      }
    }
  }
}
