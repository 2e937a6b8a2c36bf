package dev.tidemark.api.feed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.api.Configuration;
import dev.tidemark.cache.InvalidationListener;
import dev.tidemark.embedded.CertificateAuthority;
import dev.tidemark.embedded.KafkaListener;
import dev.tidemark.embedded.KafkaServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Test of the near cache's feed from a Kafka with TLS, with the settings in docs/operations.md.
final class KafkaTlsIT {

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir private static Path folder;
  private static CertificateAuthority authority;
  private static KafkaListener tls;
  private static KafkaListener password;
  private static KafkaServer kafka;
  private static EventTopic topic;

  private final List<String> told = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void startKafka() {
    authority = CertificateAuthority.in(folder.resolve("certificates"));
    CertificateAuthority.Issued server = authority.issue("kafka");
    tls = KafkaListener.tls(authority, server);
    password = KafkaListener.password(authority, server, "tidemark", "choose-one");
    kafka = KafkaServer.start(folder.resolve("kafka"), 0, KafkaListener.settings(tls, password));
    topic = new EventTopic(kafka.bootstrapServers()).create(1);
  }

  @AfterAll
  static void stopKafka() {
    topic.close();
    kafka.close();
  }

  @Test
  void theAuthorityThatVouchesForTheBrokerIsEnough() {
    try (KafkaInvalidationFeed feed = feed(tls, authority, "SSL")) {
      assertFed(feed);
    }
  }

  @Test
  void aPasswordMayComeFromAFile() throws IOException {
    Path jaas =
        Files.writeString(
            folder.resolve("jaas"),
            """
            org.apache.kafka.common.security.plain.PlainLoginModule required username="tidemark" password="choose-one";
            """);
    try (KafkaInvalidationFeed feed =
        feed(
            password,
            authority,
            "SASL_SSL",
            "KAFKA_CLIENT_SASL_MECHANISM",
            "PLAIN",
            "KAFKA_CLIENT_SASL_JAAS_CONFIG_FILE",
            jaas.toString())) {
      assertFed(feed);
    }
  }

  private void assertFed(KafkaInvalidationFeed feed) {
    await().atMost(PATIENCE).until(() -> feed.state().equals("fed"));
    topic.publish("a", 7);
    await().atMost(PATIENCE).until(() -> told.contains("product:a 7"));
  }

  @Test
  void aBrokerThatNobodyVouchesForIsSaidInWords() {
    CertificateAuthority stranger = CertificateAuthority.in(folder.resolve("stranger"));
    try (KafkaInvalidationFeed feed = feed(tls, stranger, "SSL")) {
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(feed.state())
                      .startsWith("off: ")
                      .contains("SSL handshake failed", "valid certification path"));
      assertThat(told).isEmpty();
    }
  }

  private KafkaInvalidationFeed feed(
      KafkaListener listener, CertificateAuthority trusted, String protocol, String... more) {
    Map<String, String> environment =
        new HashMap<>(
            Map.of(
                "DATABASE_URL",
                "postgresql://api@localhost/shop",
                "REDIS_URL",
                "redis://localhost",
                "TIDEMARK_API_NEAR_CACHE_ENTRIES",
                "100",
                "KAFKA_BOOTSTRAP_SERVERS",
                listener.bootstrapServers(),
                "KAFKA_PRODUCT_TOPIC",
                topic.name(),
                "KAFKA_CLIENT_SECURITY_PROTOCOL",
                protocol,
                "KAFKA_CLIENT_SSL_TRUSTSTORE_TYPE",
                "PEM",
                "KAFKA_CLIENT_SSL_TRUSTSTORE_LOCATION",
                trusted.certificate().toString()));
    for (int i = 0; i < more.length; i += 2) {
      environment.put(more[i], more[i + 1]);
    }
    Configuration.NearCache near = Configuration.from(environment).nearCache().orElseThrow();
    KafkaInvalidationFeed feed =
        new KafkaInvalidationFeed(
            near.kafkaClient(),
            near.topic(),
            new InvalidationListener() {
              @Override
              public void changed(String key, long version) {
                told.add(key + " " + version);
              }

              @Override
              public void alive() {}

              @Override
              public void lost() {}
            });
    feed.start();
    return feed;
  }
}
