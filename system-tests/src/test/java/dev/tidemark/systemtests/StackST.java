package dev.tidemark.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Test of `up` and `demo` as a user sees them.
class StackST {
  @TempDir Path folder;

  @Test
  void secondUpGoesOnWithTheDataAndStoppingLeavesNothingRunning() throws Exception {
    var data = folder.resolve("stack");
    try (var stack = StackProcess.up(data)) {
      assertThat(new Shop(stack).put("clock", Shop.json("Clock", "12")).statusCode())
          .isEqualTo(201);
      assertThat(stack.stop()).isZero();
    }
    assertThat(data.resolve("stack.env")).doesNotExist();

    try (var stack = StackProcess.up(data)) {
      var shop = new Shop(stack);
      assertThat(shop.get("clock").body()).contains("12.00");
      assertThat(Shop.version(shop.put("clock", Shop.json("Clock", "13")))).isEqualTo(2);
      new Truth(stack.env()).assertSettledAndTrue();
    }
  }

  @Test
  void demoEndsWithZeroWhenNothingWasLostOrStale() throws Exception {
    var output = folder.resolve("demo.out");
    var demo =
        StackProcess.start(
            output, "demo", "--duration", "8s", "--data", folder.resolve("demo").toString());

    assertThat(demo.waitFor(180, TimeUnit.SECONDS)).isTrue();
    assertThat(demo.exitValue()).as(Files.readString(output)).isZero();
  }

  /// Tests that leave the stack as it is.
  @Nested
  class OfARunningStack {
    private static StackProcess stack;

    @BeforeAll
    static void up(@TempDir Path folder) {
      stack = StackProcess.up(folder.resolve("stack"));
    }

    @AfterAll
    static void down() {
      stack.close();
    }

    @Test
    void secondUpOnTheSameFolderSaysWhoHasIt() throws Exception {
      var data = stack.data().toString();
      var output = folder.resolve("second.out");
      var second = StackProcess.start(output, "up", "--data", data);

      assertThat(second.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(second.exitValue()).isNotZero();
      assertThat(Files.readString(output)).contains(data).containsIgnoringCase("pid");
      assertThat(stack.isReady("PRODUCT_API")).isTrue();
    }

    @Test
    void stackEnvNamesEveryPart() {
      var env = stack.env();

      assertThat(env)
          .containsKeys(
              "API_URL",
              "DATABASE_URL",
              "KAFKA_BOOTSTRAP_SERVERS",
              "REDIS_URL",
              "PRODUCT_API_ADMIN_URL",
              "OUTBOX_RELAY_ADMIN_URL",
              "INVALIDATOR_ADMIN_URL");
      assertThat(env)
          .containsKeys(
              "POSTGRES_PID",
              "KAFKA_PID",
              "REDIS_PID",
              "PRODUCT_API_PID",
              "OUTBOX_RELAY_PID",
              "INVALIDATOR_PID");
      assertThat(URI.create(env.get("DATABASE_URL")).getScheme()).isEqualTo("postgresql");
    }

    @Test
    void statusOfARunningStackIsGoodInEveryPart() throws Exception {
      new Shop(stack).put("clock", Shop.json("Clock", "12"));
      await()
          .untilAsserted(
              () -> {
                var output = folder.resolve("status.out");
                assertThat(status(stack, output)).as(Files.readString(output)).isZero();
              });
      assertThat(Files.readString(folder.resolve("status.out")))
          .doesNotContain("RED", "not asked")
          .contains("relay", "slot", "outbox", "kafka", "group", "invalidator", "redis")
          .contains("product-api");
    }

    private static int status(StackProcess stack, Path output) throws Exception {
      var jar = StackProcess.PROJECT.resolve("operator/target/app/operator.jar");
      var command =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-jar",
                  jar.toString(),
                  "status",
                  "--timeout",
                  "60s")
              .redirectErrorStream(true)
              .redirectOutput(output.toFile());
      command.environment().putAll(stack.env());
      return command.start().waitFor();
    }
  }
}
