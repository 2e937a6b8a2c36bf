package dev.tidemark.service.status;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Test of the names that other programs read at `/status`.
class StatusJsonTest {

  private static final String RELAY =
      """
      {"phase": "streaming", "ready": true, "reason": "streaming", "lagSeconds": 0.25,
       "waitingFor": {"transaction": 4294967300, "since": "2026-03-10T12:00:00Z", "reason": "readers do not see it"},
       "lastRepair": {"reason": "the slot is lost", "events": 2, "at": "2026-03-10T12:00:00Z"},
       "slot": {"name": "tidemark_relay", "walStatus": "reserved", "lagBytes": 1200, "retainedBytes": 16800000},
       "outbox": {"partitions": 22, "oldestDay": "2026-03-03", "newestDay": "2026-03-24", "daysAhead": 14,
         "defaultRows": 3, "retentionDays": 7,
         "lastRemoval": {"what": "partition outbox_20260302 dropped", "at": "2026-03-10T12:00:00Z"}},
       "topics": [{"topic": "order.events", "followed": "no"}],
       "findings": [{"server": "POSTGRESQL", "severity": "WARNING", "what": "wal_level is odd", "remedy": "set it"}]}
      """;

  private static final String RELAY_AT_ITS_START =
      """
      {"phase": "starting", "ready": false, "reason": "starting: connecting", "lagSeconds": 0.0,
       "slot": {"name": "tidemark_relay"}, "outbox": {}, "topics": [], "findings": []}
      """;

  private static final String INVALIDATOR =
      """
      {"phase": "following", "ready": true, "reason": "following", "group": "invalidator",
       "waitingFor": {}, "topics": ["product.events"], "partitions": ["product.events-0", "product.events-1"],
       "lagEvents": 0, "lagSeconds": 0.0,
       "evictions": {"evicted": 3, "already_fresh": 2, "floor_raised": 1, "absent": 0, "failed": 0},
       "commitToEvict": {
         "lastMinute": {"events": 6, "millis": {"0.5": 4.2, "0.99": 9.5, "0.999": 9.5}, "within": {"10ms": 1.0, "100ms": 1.0, "2s": 1.0}},
         "sinceStart": {"events": 6, "millis": {"0.5": 4.2, "0.99": 9.5, "0.999": 9.5}, "within": {"10ms": 1.0, "100ms": 1.0, "2s": 1.0}}},
       "gaps": 0, "rewinds": 1, "deadLetters": 2,
       "redis": {"primaries": ["6f1e"], "longestReplicationLagSeconds": 1},
       "audit": {"share": 0.01, "pending": 0, "keys": {"absent": 1, "fresh": 4, "stale": 1},
         "windows": [{"within": "2s", "consistent": 5, "behind": 1, "unknown": 0, "recentShare": 0.83},
           {"within": "60s", "consistent": 0, "behind": 0, "unknown": 0}],
         "lastStale": [{"key": "product:kettle", "version": 2, "found": 1, "at": "2026-03-10T12:00:00Z"}]}}
      """;

  private static final String INVALIDATOR_AT_ITS_START =
      """
      {"phase": "waiting", "ready": false, "reason": "redis: not tried yet; kafka: not tried yet",
       "group": "invalidator", "waitingFor": {"redis": "not tried yet", "kafka": "not tried yet"},
       "topics": ["product.events"], "partitions": [], "evictions": {"evicted": 0},
       "commitToEvict": {"lastMinute": {"events": 0}, "sinceStart": {"events": 0}},
       "gaps": 0, "rewinds": 0, "deadLetters": 0, "redis": {"primaries": [], "longestReplicationLagSeconds": 0}}
      """;

  private static final String API =
      """
      {"ready": true, "reason": "ready", "redis": "answers, and takes evictions", "usesRedis": true,
       "requests": {"hit": 90, "miss": 10}}
      """;

  @Test
  void namesAreThoseThatProgramsRead() throws IOException {
    assertThat(rewritten(RELAY, RelayReport.class)).isEqualTo(tree(RELAY));
    assertThat(rewritten(RELAY_AT_ITS_START, RelayReport.class))
        .isEqualTo(tree(RELAY_AT_ITS_START));
    assertThat(rewritten(INVALIDATOR, InvalidatorReport.class)).isEqualTo(tree(INVALIDATOR));
    assertThat(rewritten(INVALIDATOR_AT_ITS_START, InvalidatorReport.class))
        .isEqualTo(tree(INVALIDATOR_AT_ITS_START));
    assertThat(rewritten(API, ApiReport.class)).isEqualTo(tree(API));
  }

  @Test
  void nameOfANewerServiceIsIgnored() throws IOException {
    assertThat(read("{\"ready\": true, \"mood\": {\"good\": [1]}}", RelayReport.class).ready())
        .isTrue();
  }

  @Test
  void nameThatAnOlderServiceLacksMeansNothingKnown() throws IOException {
    RelayReport relay = read("{}", RelayReport.class);
    assertThat(relay.ready()).isFalse();
    assertThat(relay.reason()).isEmpty();
    assertThat(relay.lastRepair()).isEmpty();
    assertThat(relay.slot()).isEqualTo(new RelayReport.Slot());
    assertThat(relay.outbox()).isEqualTo(new RelayReport.Outbox());
    assertThat(relay.findings()).isEmpty();
    assertThat(read("{\"slot\": null, \"topics\": null}", RelayReport.class)).isEqualTo(relay);
    assertThat(read("{\"findings\": [{\"what\": \"odd\"}]}", RelayReport.class).findings())
        .isEqualTo(List.of(new RelayReport.Finding("", "", "odd", "")));

    InvalidatorReport invalidator = read("{}", InvalidatorReport.class);
    assertThat(invalidator.waitingFor()).isEmpty();
    assertThat(invalidator.lagEvents()).isEmpty();
    assertThat(invalidator.commitToEvict().lastMinute().events()).isZero();
    assertThat(invalidator.redis()).isEqualTo(new InvalidatorReport.Redis());
    assertThat(invalidator.audit()).isEmpty();

    ApiReport api = read("{}", ApiReport.class);
    assertThat(api.usesRedis()).isFalse();
    assertThat(api.requests()).isEmpty();
  }

  private static <T extends ServiceReport> JsonNode rewritten(String json, Class<T> kind)
      throws IOException {
    return new ObjectMapper().readTree(StatusJson.write(read(json, kind)));
  }

  private static <T extends ServiceReport> T read(String json, Class<T> kind)
      throws JsonProcessingException {
    return StatusJson.read(StatusJson.parse(json), kind);
  }

  private static JsonNode tree(String json) throws JsonProcessingException {
    return new ObjectMapper().readTree(json);
  }
}
