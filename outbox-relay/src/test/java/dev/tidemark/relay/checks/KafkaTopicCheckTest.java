package dev.tidemark.relay.checks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.relay.checks.KafkaTopicCheck.Topic;
import dev.tidemark.relay.checks.KafkaTopicCheck.Use;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KafkaTopicCheckTest {

  @Test
  void oneReplicaIsRiskyOnSeveralBrokersOnly() {
    var topic = new Topic("product.events", Use.EVENTS, Map.of(), 1);

    assertThat(KafkaTopicCheck.findings(topic, 1)).isEmpty();
    assertThat(KafkaTopicCheck.findings(topic, 3))
        .singleElement()
        .satisfies(finding -> assertThat(finding.isError()).isFalse())
        .satisfies(finding -> assertThat(finding.text()).contains("has one replica"));
  }

  @Test
  void settingsThatTheClusterDoesNotTellAreNoFindings() {
    for (var use : Use.values()) {
      assertThat(KafkaTopicCheck.findings(new Topic("t", use, Map.of(), 3), 3)).isEmpty();
    }
  }
}
