package dev.tidemark.cache.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.cache.store.EntryStoreException.Fault;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/// Classification of the client's failures. `RedisFaultsIT` tests that they occur in these forms.
class RedisFaultTest {

  private final JedisException timeout =
      new JedisConnectionException(new SocketTimeoutException("Read timed out"));
  private final JedisException closed = new JedisConnectionException("Unexpected end of stream.");
  private final JedisException nobody =
      new JedisConnectionException(new ConnectException("Connection refused"));
  private final JedisException full =
      new JedisDataException("OOM command not allowed when used memory > 'maxmemory'.");
  private final JedisException demoted =
      new JedisDataException("READONLY You can't write against a read only replica.");

  private static Fault fault(JedisException failure) {
    return RedisFault.exception("it failed", failure).fault();
  }

  @ParameterizedTest
  @ValueSource(strings = {"LOADING", "MASTERDOWN", "CLUSTERDOWN", "BUSY", "TRYAGAIN"})
  void aServerThatServesNobodyIsAsGoodAsSilent(String word) {
    assertThat(fault(new JedisDataException(word + " and why"))).isEqualTo(Fault.SILENT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "READONLY You can't write against a read only replica.",
        "MISCONF Redis is configured to save RDB snapshots, but it is unable to persist on disk.",
        "NOREPLICAS Not enough good replicas to write.",
        "NOPERM User api has no permissions to run the 'evalsha' command",
        "NOAUTH Authentication required.",
        "ERR Error compiling script (new function): user_script:1: unexpected symbol near '#'",
        "ERR unknown command 'EVALSHA', with args beginning with: "
      })
  void aServerThatTakesNoWritesTakesNoEvictions_H60(String words) {
    assertThat(fault(new JedisDataException(words))).isEqualTo(Fault.UNWRITABLE);
  }

  @Test
  void noConnectionFreeSaysNothingOfTheServer() {
    assertThat(fault(new JedisException("pool", new NoSuchElementException("Timeout"))))
        .isEqualTo(Fault.CROWDED);
  }

  @Test
  void otherErrorAnswersAreRefusals() {
    assertThat(fault(full)).isEqualTo(Fault.REFUSED);
  }

  @Test
  void whereNobodyListensTheServerIsDown() {
    assertThat(fault(nobody)).isEqualTo(Fault.DOWN);
    assertThat(fault(timeout)).isEqualTo(Fault.SILENT);
  }

  @Test
  void onlyAnErrorAnswerTellsThatNothingIsOnItsWay() {
    assertThat(RedisFault.isAnswered(full)).isTrue();
    assertThat(RedisFault.isAnswered(timeout)).isFalse();
    assertThat(RedisFault.isAnswered(new JedisException("no answer in the pipeline"))).isFalse();
  }

  @Test
  void aFreshConnectionHelpsAgainstAnOldOneOnly() {
    assertThat(RedisFault.isOfTheConnection(closed)).isTrue();
    assertThat(RedisFault.isOfTheConnection(demoted)).isTrue();
    assertThat(RedisFault.isOfTheConnection(timeout)).isFalse();
    assertThat(RedisFault.isOfTheConnection(nobody)).isFalse();
    assertThat(RedisFault.isOfTheConnection(full)).isFalse();
  }

  @Test
  void onlyAReplicaSaysThatItIsOne() {
    assertThat(RedisFault.isOfAReplica(demoted)).isTrue();
    assertThat(RedisFault.isOfAReplica(full)).isFalse();
    assertThat(RedisFault.isOfAReplica(closed)).isFalse();
  }
}
