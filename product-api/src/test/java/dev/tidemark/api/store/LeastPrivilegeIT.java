package dev.tidemark.api.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import dev.tidemark.api.Service;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;

/// Test of the service with a user of Redis that has exactly the rights in docs/operations.md. For
/// PostgreSQL `RolesIT` shows this.
final class LeastPrivilegeIT {

  private static final String CHAIR = "{'name':'Chair','price':12.5,'currency':'EUR'}";
  private static final String STOOL = "{'name':'Stool','price':7,'currency':'EUR'}";

  @RegisterExtension private static final RunningService api = new RunningService();

  private static String url;

  @BeforeAll
  static void makeTheUserOfTheDocumentation() throws Exception {
    Matcher command =
        Pattern.compile("ACL SETUSER tidemark_api (.*)")
            .matcher(Files.readString(Path.of("../docs/operations.md")));
    assertThat(command.find()).isTrue();
    try (Jedis admin = new Jedis(api.redis().url())) {
      admin.aclSetUser("tidemark_api", command.group(1).strip().split(" ", -1));
    }
    url = api.redis().url().replace("redis://", "redis://tidemark_api:choose-one@");
  }

  @Test
  void itIsEnoughForEverythingThatTheServiceDoes() {
    RunningService other = api.beside("REDIS_URL", url);
    try (Service _ = other.service()) {
      other.put("/products/least", CHAIR);
      assertThat(status(other.get("/products/least"))).isEqualTo("tidemark; fwd=miss; stored");
      assertThat(status(other.get("/products/least"))).isEqualTo("tidemark; hit");
      Answer written = other.put("/products/least", STOOL);
      Answer read = other.get("/products/least");
      assertThat(status(read)).isEqualTo("tidemark; hit");
      assertThat(read.text()).isEqualTo(written.text());
      assertThat(other.get("/products?ids=least,none").status()).isEqualTo(200);
      assertThat(status(other.get("/products?ids=least,none"))).isEqualTo("tidemark; hit");
      assertThat(status(other.get("/products/least", "Cache-Control", "no-cache")))
          .isEqualTo("tidemark; fwd=request");
      assertThat(other.delete("/products/least").status()).isEqualTo(204);
      assertThat(status(other.get("/products/least"))).isEqualTo("tidemark; hit");
      assertThat(other.admin("/health/ready").text()).doesNotContain("degraded");
      assertThat(other.admin("/metrics").text()).doesNotContain("result=\"error\"");
    }
  }

  private static String status(Answer answer) {
    return answer.header("Cache-Status");
  }

  @Test
  void everythingElseIsRefused() {
    try (Jedis redis = new Jedis(url)) {
      List<Consumer<Jedis>> refused =
          List.of(
              client -> client.get("other:key"),
              client -> client.set("other:key", "x"),
              client -> client.eval("return redis.call('DEL', 'other:key')", 0),
              client -> client.eval("return redis.call('INCR', KEYS[1])", 1, "product:x"),
              client -> client.keys("*"),
              Jedis::flushAll,
              client -> client.configGet("*"),
              client -> client.lpush("product:x", "y"),
              client -> client.publish("channel", "message"),
              Jedis::aclList,
              Jedis::save);
      for (int i = 0; i < refused.size(); i++) {
        Consumer<Jedis> command = refused.get(i);
        assertThatThrownBy(() -> command.accept(redis))
            .as("command %d", i)
            .isInstanceOfSatisfying(
                JedisDataException.class,
                e ->
                    assertThat(e.getMessage())
                        .containsAnyOf("permission", "ACL", "can't access", "can't run"));
      }
      assertThat(redis.set("product:x", "x")).isEqualTo("OK");
    }
  }
}
