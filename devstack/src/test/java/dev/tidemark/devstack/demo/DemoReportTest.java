package dev.tidemark.devstack.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DemoReportTest {
  private static final TopicCheck.Result ALL_RELAYED =
      new TopicCheck.Result(400, 0, 0, 0, 0, true, Duration.ofMillis(300));
  private static final CacheCheck.Result ALL_FRESH =
      new CacheCheck.Result(368, 300, 68, 0, List.of(), 5);
  private static final WriteCheck.Result ALL_WRITTEN = new WriteCheck.Result(368, 0, 0);

  private final TrafficFigures traffic = new TrafficFigures();

  @BeforeEach
  void oneRead() {
    traffic.reads.increment();
  }

  @Test
  void isGoodWhenNothingIsLostOrStale() {
    DemoReport report = report(ALL_RELAYED, ALL_FRESH, ALL_WRITTEN);
    assertThat(report.isGood()).isTrue();
    assertThat(report.lines()).last().isEqualTo("nothing lost, nothing stale");
  }

  @Test
  void readsThatWereAllowedToBeOlderAndTheNaiveCacheDoNotCount() {
    traffic.olderRead(1_000_000);
    traffic.naiveOlderReads.increment();
    assertThat(report(ALL_RELAYED, ALL_FRESH, ALL_WRITTEN).isGood()).isTrue();
  }

  @Test
  void eachKindOfLossOrStalenessIsBad() {
    List<TopicCheck.Result> badTopics =
        List.of(
            new TopicCheck.Result(400, 1, 0, 0, 0, true, Duration.ZERO),
            new TopicCheck.Result(400, 0, 1, 0, 0, true, Duration.ZERO),
            new TopicCheck.Result(400, 0, 0, 1, 0, true, Duration.ZERO),
            new TopicCheck.Result(400, 0, 0, 0, 1, true, Duration.ZERO),
            new TopicCheck.Result(400, 0, 0, 0, 0, false, Duration.ZERO));
    assertThat(badTopics).noneMatch(topic -> report(topic, ALL_FRESH, ALL_WRITTEN).isGood());
    CacheCheck.Result stale = new CacheCheck.Result(368, 300, 67, 1, List.of("bread: …"), 0);
    assertThat(report(ALL_RELAYED, stale, ALL_WRITTEN).isGood()).isFalse();
    assertThat(report(ALL_RELAYED, stale, ALL_WRITTEN).lines())
        .anyMatch(line -> line.contains("stale: bread: …"));
    assertThat(report(ALL_RELAYED, ALL_FRESH, new WriteCheck.Result(368, 1, 0)).isGood()).isFalse();
    assertThat(report(ALL_RELAYED, ALL_FRESH, new WriteCheck.Result(368, 0, 1)).isGood()).isFalse();
  }

  @Test
  void aReadBelowItsMinVersionIsBad() {
    traffic.minVersionBroken.increment();
    assertThat(report(ALL_RELAYED, ALL_FRESH, ALL_WRITTEN).isGood()).isFalse();
  }

  @Test
  void trafficThatNeverHappenedProvesNothing() {
    DemoReport report =
        new DemoReport(
            30, new TrafficFigures(), EvictionTimes.NONE, ALL_RELAYED, ALL_FRESH, ALL_WRITTEN);
    assertThat(report.isGood()).isFalse();
  }

  private DemoReport report(
      TopicCheck.Result topic, CacheCheck.Result cache, WriteCheck.Result writes) {
    return new DemoReport(30, traffic, EvictionTimes.NONE, topic, cache, writes);
  }
}
