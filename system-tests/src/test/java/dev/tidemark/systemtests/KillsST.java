package dev.tidemark.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Any process may die at any time; after its return the system is correct again by itself.
class KillsST {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final int STEPS_AROUND = 300;

  @TempDir static Path folder;
  private static StackProcess stack;
  private static Shop shop;
  private static Truth truth;

  @BeforeAll
  static void up() {
    stack = StackProcess.up(folder.resolve("stack"));
    shop = new Shop(stack);
    truth = new Truth(stack.env());
  }

  @AfterAll
  static void down() {
    stack.close();
  }

  static Stream<String> parts() {
    return Stream.concat(StackProcess.SERVICES.stream(), StackProcess.SERVERS.stream());
  }

  @ParameterizedTest
  @MethodSource("parts")
  void killedUnderLoadItComesBackAndNothingIsLostRepeatedOrStale(String part) throws Exception {
    try (var work = shop.randomWork(40)) {
      await().atMost(SOON).until(() -> work.steps() > STEPS_AROUND);
      stack.killAndAwaitReturn(part);
      long then = work.steps();
      await().atMost(SOON).until(() -> work.steps() > then + STEPS_AROUND);
    }

    truth.assertSettledAndTrue();
    truth.assertHoldsWhatWasAcknowledged(shop);
    assertThat(shop.put("after-" + part, Shop.json("After", "1")).statusCode()).isEqualTo(201);
    for (String service : StackProcess.SERVICES) {
      assertThat(stack.stackTraces(service))
          .as("%s says in words that %s was away", service, part)
          .isEmpty();
    }
  }
}
