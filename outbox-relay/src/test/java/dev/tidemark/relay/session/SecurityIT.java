package dev.tidemark.relay.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.CertificateAuthority;
import dev.tidemark.embedded.KafkaListener;
import dev.tidemark.embedded.KafkaServer;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.ServerTls;
import dev.tidemark.relay.Main;
import dev.tidemark.relay.resync.ResyncProgram;
import dev.tidemark.relay.status.RelayStatus.Failed;
import dev.tidemark.relay.status.RelayStatus.Phase;
import dev.tidemark.service.settings.DatabaseUrl;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// Test of the relay, `resync` and `migrate` with every connection by TLS, as the role
/// `tidemark_relay`.
class SecurityIT {

  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String PASSWORD = "choose-one";

  @TempDir static Path folder;
  private static CertificateAuthority authority;
  private static CertificateAuthority stranger;
  private static KafkaListener kafkaByTls;
  private static KafkaListener kafkaByPassword;
  private static PostgresServer postgres;
  private static KafkaServer kafka;
  private static Jdbi database;

  private final String id = "a-" + UUID.randomUUID();

  @BeforeAll
  static void startServers() throws SQLException {
    authority = CertificateAuthority.in(folder.resolve("authority"));
    stranger = CertificateAuthority.in(folder.resolve("stranger"));
    var server = authority.issue("server");
    kafkaByTls = KafkaListener.tls(authority, server);
    kafkaByPassword = KafkaListener.password(authority, server, "tidemark", PASSWORD);
    kafka =
        KafkaServer.start(
            folder.resolve("kafka"), 0, KafkaListener.settings(kafkaByTls, kafkaByPassword));
    postgres = PostgresServer.startWithoutFsync(folder.resolve("postgres"), 0);
    ServerTls.restart(postgres, server);
    new Migration(DatabaseUrl.parse(postgres.url() + trusting(authority)), line -> {}).run();
    database = Jdbi.create(postgres.jdbcUrl());
  }

  @AfterAll
  static void stopServers() {
    kafka.close();
    postgres.close();
  }

  @Test
  void rowsAreRelayedAndNoConnectionIsPlain() {
    try (var _ = RunningRelay.start(environment(kafkaByTls))) {
      insert();
      awaitEvent();
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(
                          texts(
                              """
                              select distinct backend_type || case when ssl then '' else ' without TLS' end
                              from pg_stat_activity join pg_stat_ssl using (pid) where usename = 'tidemark_relay' order by 1
                              """))
                      .containsExactly("client backend", "walsender"));
    }
  }

  @Test
  void aPasswordForKafkaMayComeFromAFile() throws IOException {
    var jaas =
        Files.writeString(
            folder.resolve("jaas"),
            "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"tidemark\" password=\"%s\";"
                .formatted(PASSWORD));
    var environment = environment(kafkaByPassword);
    environment.put("KAFKA_CLIENT_SECURITY_PROTOCOL", "SASL_SSL");
    environment.put("KAFKA_CLIENT_SASL_MECHANISM", "PLAIN");
    environment.put("KAFKA_CLIENT_SASL_JAAS_CONFIG_FILE", jaas.toString());
    try (var _ = RunningRelay.start(environment)) {
      insert();
      awaitEvent();
      assertThat(run(ResyncProgram.commandLine(environment), "--id", id))
          .startsWith("0 ")
          .contains("1");
      assertThat(run(new Main(environment).commandLine(), "--check"))
          .isEqualTo("0 all is as the relay needs it\n");
    }
  }

  @Test
  void aKafkaThatNobodyVouchesForIsSaidInWords() {
    var environment = environment(kafkaByTls);
    environment.put("KAFKA_CLIENT_SSL_TRUSTSTORE_LOCATION", stranger.certificate().toString());
    assertFails(environment, "SSL handshake failed", "valid certification path");
    assertThat(run(new Main(environment).commandLine(), "--check"))
        .startsWith("1 ERROR Kafka does not answer")
        .contains("valid certification path", "KAFKA_CLIENT_");
  }

  @Test
  void aDatabaseThatNobodyVouchesForIsSaidInWords() {
    var environment = environment(kafkaByTls);
    environment.put("DATABASE_URL", databaseUrl(stranger));
    assertFails(environment, "SSL error: ", "PKIX path");
    assertThat(run(new Main(environment).commandLine(), "--check"))
        .startsWith("1 ERROR PostgreSQL does not answer")
        .contains("PKIX path", "DATABASE_URL");
  }

  private static void assertFails(Map<String, String> environment, String... words) {
    try (var relay = RunningRelay.start(environment)) {
      await()
          .atMost(SOON)
          .untilAsserted(
              () ->
                  assertThat(relay.status().phase())
                      .isInstanceOf(Failed.class)
                      .extracting(Phase::toString)
                      .asString()
                      .contains(words));
    }
  }

  /// @return the exit code, and what it has said
  private static String run(CommandLine command, String... arguments) {
    var out = new StringWriter();
    int code =
        command
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(out, true))
            .execute(arguments);
    assertThat(out.toString()).doesNotContain(PASSWORD);
    return code + " " + out;
  }

  private void insert() {
    database.useHandle(
        h ->
            h.execute(
                "insert into product (id, name, price, currency) values (?, 'Kettle', 20, 'EUR')",
                id));
  }

  private void awaitEvent() {
    await()
        .atMost(SOON)
        .ignoreExceptions()
        .until(
            () ->
                Topic.committed(kafka, "product.events").stream()
                    .anyMatch(event -> new String(event.key(), UTF_8).equals(id)));
  }

  private static List<String> texts(String query) {
    return database.withHandle(h -> h.createQuery(query).mapTo(String.class).list());
  }

  private static String trusting(CertificateAuthority trusted) {
    return "?sslmode=verify-full&sslrootcert=" + trusted.certificate();
  }

  private static String databaseUrl(CertificateAuthority trusted) {
    return postgres.url().replace("postgres@", "tidemark_relay@") + trusting(trusted);
  }

  private static Map<String, String> environment(KafkaListener listener) {
    var environment = new HashMap<String, String>();
    environment.put("DATABASE_URL", databaseUrl(authority));
    environment.put("KAFKA_BOOTSTRAP_SERVERS", listener.bootstrapServers());
    environment.put("KAFKA_CLIENT_SECURITY_PROTOCOL", "SSL");
    environment.put("KAFKA_CLIENT_SSL_TRUSTSTORE_TYPE", "PEM");
    environment.put("KAFKA_CLIENT_SSL_TRUSTSTORE_LOCATION", authority.certificate().toString());
    return environment;
  }
}
