package dev.tidemark.cache.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.cache.ReadOption;
import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.CachedValue.Absent;
import dev.tidemark.cache.store.CachedValue.Present;
import dev.tidemark.cache.store.EvictionRequest;
import dev.tidemark.cache.store.Lookup;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EntryCodecTest {

  @Test
  void aValueIsAHeaderLineAndThePayload() {
    byte[] entry = EntryCodec.encode(new Present(42, "{\"name\":\"Öl\"}".getBytes(UTF_8)));
    assertThat(entry).isEqualTo("V42\n{\"name\":\"Öl\"}".getBytes(UTF_8));
  }

  @Test
  void absenceIsAHeaderLineOnly() {
    assertThat(EntryCodec.encode(new Absent(0))).isEqualTo("D0\n".getBytes(UTF_8));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 9, 10, 42, CachedValue.MAX_VERSION - 1, CachedValue.MAX_VERSION})
  void aValueComesBackAsItWas(long version) {
    byte[] allBytes = new byte[256];
    for (int i = 0; i < allBytes.length; i++) {
      allBytes[i] = (byte) i;
    }
    CachedValue value = new Present(version, allBytes);
    assertThat(EntryCodec.decode(EntryCodec.encode(value))).contains(new Lookup.Hit(value));
    CachedValue absent = new Absent(version);
    assertThat(EntryCodec.decode(EntryCodec.encode(absent))).contains(new Lookup.Hit(absent));
  }

  @Test
  void anEmptyPayloadComesBackEmpty() {
    CachedValue value = new Present(1, new byte[0]);
    assertThat(EntryCodec.decode(EntryCodec.encode(value))).contains(new Lookup.Hit(value));
  }

  @Test
  void aLeaseShowsItsFloor() {
    assertThat(decode("L0:abc_DEF-9\n")).contains(new Lookup.Filling(0));
    assertThat(decode("L9007199254740991:t\n"))
        .contains(new Lookup.Filling(CachedValue.MAX_VERSION));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "V",
        "V1",
        "V12",
        "V\n",
        "V0\n{}",
        "V-1\n{}",
        "V 1\n{}",
        "V1\r\n{}",
        "V9007199254740992\n{}",
        "V99999999999999999999\n{}",
        "v1\n{}",
        "X1\n{}",
        "D\n",
        "D1",
        "D1\nx",
        "D9007199254740992\n",
        "L1\n",
        "L1:\n",
        "L1:t",
        "L1:t\nx",
        "L:t\n",
        "L1:a b\n",
        "{\"id\":1}",
        "42",
        "\n\n\n"
      })
  void whatIsNoEntryIsNotRead(String bytes) {
    assertThat(decode(bytes)).isEmpty();
  }

  @Test
  void versionsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> new Present(0, new byte[0])).hasMessageContaining("version 0");
    assertThatThrownBy(() -> new Present(CachedValue.MAX_VERSION + 1, new byte[0]))
        .hasMessageContaining("9007199254740992");
    assertThatThrownBy(() -> new Absent(-1)).hasMessageContaining("version -1");
    assertThatThrownBy(() -> ReadOption.atLeast(-1)).hasMessageContaining("version -1");
    assertThatThrownBy(() -> new EvictionRequest("k", -1)).hasMessageContaining("version -1");
  }

  private static Optional<Lookup> decode(String entry) {
    return EntryCodec.decode(entry.getBytes(ISO_8859_1));
  }
}
