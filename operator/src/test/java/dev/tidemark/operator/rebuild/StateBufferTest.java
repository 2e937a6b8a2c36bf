package dev.tidemark.operator.rebuild;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.operator.rebuild.AggregateState.Cacheable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StateBufferTest {

  @Test
  void whatIsPutInComesOutInOrder() {
    StateBuffer spool = new StateBuffer(10 << 20);
    List<Cacheable> states =
        List.of(
            new Cacheable("product:a", new CachedValue.Present(3, "{\"ä\":1}".getBytes(UTF_8))),
            new Cacheable("product:ü", new CachedValue.Absent(4)),
            new Cacheable("product:empty", new CachedValue.Present(5, new byte[0])),
            new Cacheable("product:large", new CachedValue.Present(6, new byte[3 << 20])),
            new Cacheable("product:last", new CachedValue.Present(7, new byte[1])));
    states.forEach(state -> assertThat(spool.add(state)).isTrue());

    assertThat(all(spool)).isEqualTo(states);
  }

  @Test
  void whatHasNoRoomIsRefusedAndTheRestStays() {
    StateBuffer spool = new StateBuffer(2 << 20);
    Cacheable half = new Cacheable("product:a", new CachedValue.Present(1, new byte[700_000]));
    assertThat(spool.add(half)).isTrue();
    assertThat(spool.add(half)).isTrue();
    assertThat(spool.add(half)).isFalse();

    assertThat(all(spool)).containsExactly(half, half);
  }

  private static List<Cacheable> all(StateBuffer spool) {
    spool.flip();
    List<Cacheable> all = new ArrayList<>();
    for (Optional<Cacheable> next = spool.next(); next.isPresent(); next = spool.next()) {
      all.add(next.get());
    }
    return all;
  }
}
