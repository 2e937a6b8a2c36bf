package dev.tidemark.cache.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.cache.redis.RedisAddress.Host;
import dev.tidemark.cache.redis.RedisAddress.Kind;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RedisAddressTest {

  @Test
  void oneHostIsOneServer() {
    RedisAddress address = RedisAddress.parse("redis://127.0.0.1:7001");
    assertThat(address.kind()).isEqualTo(Kind.SINGLE);
    assertThat(address.hosts()).containsExactly(new Host("127.0.0.1", 7001));
    assertThat(address.tls()).isFalse();
    assertThat(address.database()).isZero();
    assertThat(RedisAddress.parse("redis://127.0.0.1:7001/0").database()).isZero();
    assertThat(address.password()).isEmpty();
  }

  @Test
  void portsHaveTheUsualDefaults() {
    assertThat(RedisAddress.parse("redis://redis").hosts())
        .containsExactly(new Host("redis", 6379));
    assertThat(RedisAddress.parse("redis://s1,s2?sentinel=main").hosts())
        .containsExactly(new Host("s1", 26379), new Host("s2", 26379));
  }

  @Test
  void thePortMayBeTheLastOne() {
    assertThat(RedisAddress.parse("redis://h:65535").hosts()).containsExactly(new Host("h", 65535));
  }

  @Test
  void severalHostsAreACluster() {
    RedisAddress address = RedisAddress.parse("rediss://a:1,b:2,[::1]:3");
    assertThat(address.kind()).isEqualTo(Kind.CLUSTER);
    assertThat(address.hosts())
        .containsExactly(new Host("a", 1), new Host("b", 2), new Host("::1", 3));
    assertThat(address.tls()).isTrue();
    assertThat(RedisAddress.parse("redis://a?cluster=true").kind()).isEqualTo(Kind.CLUSTER);
  }

  @Test
  void sentinelsAreNamedWithTheirPrimary() {
    RedisAddress address = RedisAddress.parse("redis://:secret@s1:5,s2:6/3?sentinel=main");
    assertThat(address.kind()).isEqualTo(Kind.SENTINELS);
    assertThat(address.primaryName()).contains("main");
    assertThat(address.database()).isEqualTo(3);
    assertThat(address.user()).isEmpty();
    assertThat(address.password()).contains("secret");
  }

  @Test
  void userAndPasswordArePercentDecoded() {
    RedisAddress address = RedisAddress.parse("redis://us%3Aer:p%40ss+w%2Ford@h:1/2");
    assertThat(address.user()).contains("us:er");
    assertThat(address.password()).contains("p@ss+w/ord");
    assertThat(address.hosts()).containsExactly(new Host("h", 1));
  }

  @Test
  void filesForTlsAreNamedAsLibpqNamesThem() {
    assertThat(
            RedisAddress.parse(
                    "rediss://h?sslrootcert=/etc/a%20b/ca.pem&sslcert=own.crt&sslkey=own.key")
                .tlsFiles())
        .isEqualTo(
            new RedisTlsFiles(
                Optional.of(Path.of("/etc/a b/ca.pem")),
                Optional.of(Path.of("own.crt")),
                Optional.of(Path.of("own.key"))));
    assertThat(RedisAddress.parse("rediss://h").tlsFiles().isEmpty()).isTrue();
  }

  @Test
  void theTextFormHidesThePassword() {
    assertThat(RedisAddress.parse("redis://u:secret@h:1,i:2")).hasToString("redis://h:1,i:2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "127.0.0.1:6379",
        "http://h:1",
        "redis://",
        "redis://:secret@",
        "redis://h:notaport",
        "redis://h:65536",
        "redis://a b",
        "redis://a,,b",
        "redis://h/notanumber",
        "redis://h/-1",
        "redis://a,b/1",
        "redis://h?timeout=1",
        "redis://h:secret",
        "redis://user:secret",
        "redis://user:1/secret@h:1",
        "redis://user:a@b/secret@h:1",
        "redis://user:1?secret@h:1",
        "redis://user:%secret@h:1",
        "redis://h?sslrootcert=ca.pem",
        "rediss://h?sslcert=own.pem",
        "rediss://h?sslkey=own.pem"
      })
  void whatIsNoAddressIsRefusedWithoutShowingThePassword(String url) {
    assertThatThrownBy(() -> RedisAddress.parse(url))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("secret");
  }
}
