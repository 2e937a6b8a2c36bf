package dev.tidemark.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.tidemark.api.Configuration.NearCache;
import dev.tidemark.api.http.ApiTokens;
import dev.tidemark.api.http.Limits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ConfigurationTest {

  private static final long MEGABYTE = 1024 * 1024;

  private static Map<String, String> environment(String... more) {
    Map<String, String> environment = new HashMap<>();
    environment.put("DATABASE_URL", "postgresql://tidemark_api:secret@localhost/tidemark");
    environment.put("REDIS_URL", "redis://:secret@localhost:6379");
    environment.put("HOME", "/");
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    return environment;
  }

  @Test
  void twoAddressesAreEnough() {
    Configuration configuration = Configuration.from(environment());
    assertThat(configuration.port()).isEqualTo(8080);
    assertThat(configuration.adminPort()).isEqualTo(8081);
    assertThat(configuration.host()).isEqualTo("127.0.0.1");
    assertThat(configuration.cacheTtl()).isEqualTo(Duration.ofMinutes(5));
    assertThat(configuration.redisTimeout()).isEqualTo(Duration.ofMillis(50));
    assertThat(configuration.databaseConnections()).isEqualTo(10);
    assertThat(configuration.bodyLimit()).isEqualTo(1_048_576);
    assertThat(configuration.apiTokens()).isEqualTo(ApiTokens.none());
    assertThat(configuration.limits())
        .isEqualTo(
            new Limits(
                10_000,
                1000,
                Runtime.getRuntime().maxMemory() / 4 / MEGABYTE * MEGABYTE,
                Duration.ofMinutes(1),
                Duration.ofSeconds(30),
                Duration.ofSeconds(1)));
    assertThat(configuration.tls()).isEmpty();
    assertThat(configuration.cors().origins()).isEmpty();
    assertThat(configuration.nearCache()).isEmpty();
  }

  @Test
  void whatKubernetesTellsOfServicesIsNoSetting() {
    Configuration configuration =
        Configuration.from(
            environment(
                "TIDEMARK_API_PORT", "tcp://10.0.0.1:8080", "TIDEMARK_API_SERVICE_PORT", "8080"));
    assertThat(configuration.port()).isEqualTo(8080);
  }

  @Test
  void theAddressOfRedisMayStandInAFileWhateverBlanksAreAroundIt(@TempDir Path folder)
      throws IOException {
    Path file = Files.writeString(folder.resolve("redis"), " redis://:secret@h:1 \r\n\n");
    Map<String, String> environment = environment("REDIS_URL_FILE", file.toString());
    environment.remove("REDIS_URL");
    assertThat(Configuration.from(environment).redisUrl()).isEqualTo("redis://:secret@h:1");
  }

  @Test
  void othersMayWriteOnlyWithAToken() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Configuration.from(environment("TIDEMARK_API_HOST", "0.0.0.0")))
        .withMessageContaining("TIDEMARK_API_HOST")
        .withMessageContaining("API_TOKEN is not set");
    assertThat(
            Configuration.from(environment("TIDEMARK_API_HOST", "0.0.0.0", "API_TOKEN", "t"))
                .host())
        .isEqualTo("0.0.0.0");
    assertThat(Configuration.from(environment("TIDEMARK_API_HOST", "localhost")).host())
        .isEqualTo("localhost");
  }

  @Test
  void thereMayBeSeveralTokensAlsoInAFile(@TempDir Path folder) throws IOException {
    assertThat(Configuration.from(environment("API_TOKEN", "one,two")).apiTokens().fixed())
        .containsExactly("one", "two");
    Path file = Files.writeString(folder.resolve("token"), "# for the shop\n one \n\ntwo\n");
    ApiTokens tokens =
        Configuration.from(environment("API_TOKEN_FILE", file.toString())).apiTokens();
    assertThat(tokens.fixed()).containsExactly("one", "two");
    assertThat(tokens.file()).contains(file);
    assertThat(tokens.toString()).doesNotContain("one");
    Files.writeString(file, "# none\n");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Configuration.from(environment("API_TOKEN_FILE", file.toString())))
        .withMessageContaining("API_TOKEN_FILE must hold one or more tokens");
  }

  @Test
  void tlsNeedsBothOfItsFiles(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("pem"), "");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Configuration.from(environment("TIDEMARK_API_TLS_KEY_FILE", file.toString())))
        .withMessageContaining("TIDEMARK_API_TLS_CERTIFICATE_FILE");
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Configuration.from(
                    environment(
                        "TIDEMARK_API_TLS_KEY_FILE",
                        file.toString(),
                        "TIDEMARK_API_TLS_CERTIFICATE_FILE",
                        "/nowhere")))
        .withMessageContaining("/nowhere");
  }

  @Test
  void oneSettingTurnsTheNearCacheOnAndItNeedsKafka() {
    assertThat(
            Configuration.from(
                    environment(
                        "TIDEMARK_API_NEAR_CACHE_ENTRIES", "10000",
                        "KAFKA_BOOTSTRAP_SERVERS", "kafka:9092"))
                .nearCache())
        .contains(
            new NearCache(
                10_000,
                Map.of("bootstrap.servers", "kafka:9092", "client.id", "tidemark-product-api"),
                "product.events"));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Configuration.from(environment("TIDEMARK_API_NEAR_CACHE_ENTRIES", "10000")))
        .withMessageContaining("TIDEMARK_API_NEAR_CACHE_ENTRIES is 10000")
        .withMessageContaining("KAFKA_BOOTSTRAP_SERVERS is not set");
  }

  @Test
  void theNearCachesClientTakesAnyKafkaSettingAndTheFirstTopic() {
    NearCache near =
        Configuration.from(
                environment(
                    "TIDEMARK_API_NEAR_CACHE_ENTRIES", "1",
                    "KAFKA_BOOTSTRAP_SERVERS", "kafka:9092",
                    "KAFKA_CLIENT_SECURITY_PROTOCOL", "SASL_SSL",
                    "KAFKA_CLIENT_CLIENT_ID", "mine",
                    "KAFKA_PRODUCT_TOPIC", "goods, stock.events"))
            .nearCache()
            .orElseThrow();
    assertThat(near.kafkaClient())
        .containsEntry("security.protocol", "SASL_SSL")
        .containsEntry("client.id", "mine");
    assertThat(near.topic()).isEqualTo("goods");
  }

  @Test
  void withoutANearCacheKafkasSettingsAreNotLookedAt() {
    assertThat(Configuration.from(environment("KAFKA_PRODUCT_TOPIC", "a b")).nearCache()).isEmpty();
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Configuration.from(
                    environment(
                        "TIDEMARK_API_NEAR_CACHE_ENTRIES", "1",
                        "KAFKA_BOOTSTRAP_SERVERS", "kafka:9092",
                        "KAFKA_PRODUCT_TOPIC", "a b")))
        .withMessageContaining("KAFKA_PRODUCT_TOPIC begins with \"a b\"");
  }

  @Test
  void aFileThatAConnectionNeedsIsNamedWithItsVariable() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                Configuration.from(
                    environment(
                        "REDIS_URL", "rediss://u:secret@h?sslrootcert=/no/such/file",
                        "TIDEMARK_API_NEAR_CACHE_ENTRIES", "1",
                        "KAFKA_BOOTSTRAP_SERVERS", "kafka:9092",
                        "KAFKA_CLIENT_SASL_JAAS_CONFIG_FILE", "/no/such/jaas")))
        .withMessageContaining(
            "REDIS_URL: sslrootcert names a file that cannot be read: /no/such/file")
        .withMessageContaining(
            "KAFKA_CLIENT_SASL_JAAS_CONFIG_FILE names a file that cannot be read")
        .withMessageNotContaining("secret");
  }

  @Test
  void allFaultsAreToldAtOnceAndNoSecrets() {
    Map<String, String> environment =
        environment(
            "CACHE_TTL_SECONDS", "0",
            "TIDEMARK_API_PORT", "eight",
            "TIDEMARK_API_BODY_LIMIT_BYTES", "1",
            "TIDEMARK_API_REDIS_TIMEOUT_MS", "0",
            "TIDEMARK_API_NEAR_CACHE_ENTRIES", "-1",
            "TIDEMARK_API_ACCESS_LOG", "yes",
            "TIDEMARK_API_PROT", "1",
            "TIDEMARK_RELAY_SLOT", "s",
            "API_TOKEN", "two words");
    environment.put("REDIS_URL", "http://:secret@localhost");
    environment.remove("DATABASE_URL");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Configuration.from(environment))
        .withMessageContaining("DATABASE_URL is not set")
        .withMessageContaining("REDIS_URL")
        .withMessageContaining("CACHE_TTL_SECONDS is \"0\"")
        .withMessageContaining("TIDEMARK_API_PORT is \"eight\"")
        .withMessageContaining("TIDEMARK_API_BODY_LIMIT_BYTES is \"1\"")
        .withMessageContaining("TIDEMARK_API_REDIS_TIMEOUT_MS is \"0\"")
        .withMessageContaining("TIDEMARK_API_NEAR_CACHE_ENTRIES is \"-1\"")
        .withMessageContaining("TIDEMARK_API_ACCESS_LOG is \"yes\"")
        .withMessageContaining("TIDEMARK_API_PROT is not a setting")
        .withMessageContaining("API_TOKEN must hold")
        .withMessageNotContaining("TIDEMARK_RELAY_SLOT")
        .withMessageNotContaining("two words")
        .withMessageNotContaining("secret");
  }
}
