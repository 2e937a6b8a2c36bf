package dev.tidemark.cache.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.cache.store.CachedValue.Absent;
import dev.tidemark.cache.store.CachedValue.Present;
import org.junit.jupiter.api.Test;

class CachedValueTest {

  private static Present value(long version, int... bytes) {
    byte[] payload = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      payload[i] = (byte) bytes[i];
    }
    return new Present(version, payload);
  }

  @Test
  void valuesAreEqualByVersionAndBytes() {
    assertThat(value(1, 2, 3)).isEqualTo(value(1, 2, 3)).hasSameHashCodeAs(value(1, 2, 3));
    assertThat(value(1, 2, 3)).isNotEqualTo(value(2, 2, 3)).isNotEqualTo(value(1, 2, 4));
    assertThat(value(1, 2, 3)).isNotEqualTo(new Absent(1));
  }

  @Test
  void theHashTellsVersionsAndBytesApart() {
    assertThat(value(1, 2, 3).hashCode()).isNotEqualTo(value(2, 2, 3).hashCode());
    assertThat(value(1, 2, 3).hashCode()).isNotEqualTo(value(1, 2, 4).hashCode());
  }

  @Test
  void thePayloadIsNotShown() {
    assertThat(value(7, 's', 'e', 'c')).hasToString("Present[version=7, 3 bytes]");
  }
}
