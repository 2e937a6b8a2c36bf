package dev.tidemark.devstack.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.devstack.client.ProductApi;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class TrafficTest {
  private static final DemoProduct.Acknowledged LIVE = new DemoProduct.Acknowledged(42, false, 0);
  private static final DemoProduct.Acknowledged DELETED = new DemoProduct.Acknowledged(43, true, 0);

  @Test
  void aVersionBelowTheAcknowledgedOneIsOlderWhoeverWritesMeanwhile() {
    assertThat(Traffic.isOlder(answer(41), LIVE, true)).isTrue();
    assertThat(Traffic.isOlder(answer(41), LIVE, false)).isTrue();
    assertThat(Traffic.isOlder(answer(42), DELETED, true)).isTrue();
  }

  @Test
  void theAcknowledgedVersionAndThoseAfterItAreNot() {
    assertThat(Traffic.isOlder(answer(42), LIVE, true)).isFalse();
    assertThat(Traffic.isOlder(answer(44), LIVE, true)).isFalse();
  }

  @Test
  void notThereIsOlderOnlyWhenTheProductWasThereAndNobodyWroteMeanwhile() {
    assertThat(Traffic.isOlder(notThere(), LIVE, true)).isTrue();
    assertThat(Traffic.isOlder(notThere(), LIVE, false)).isFalse();
    assertThat(Traffic.isOlder(notThere(), DELETED, true)).isFalse();
    assertThat(Traffic.isOlder(notThere(), DemoProduct.Acknowledged.NOTHING, true)).isFalse();
  }

  private static ProductApi.ReadAnswer answer(long version) {
    return new ProductApi.ReadAnswer(200, OptionalLong.of(version), true);
  }

  private static ProductApi.ReadAnswer notThere() {
    return new ProductApi.ReadAnswer(404, OptionalLong.empty(), true);
  }
}
