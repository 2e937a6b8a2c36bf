package dev.tidemark.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidemark.api.RunningService.Answer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Who may write, and what others on the network may see.
final class SecurityIT {

  private static final String CHAIR = "{'name':'Chair','price':12.5,'currency':'EUR'}";

  @RegisterExtension
  private static final RunningService api = new RunningService("API_TOKEN", "one,two");

  private static int status(RunningService service, String token) {
    return service.put("/products/token", CHAIR, "Authorization", "Bearer " + token).status();
  }

  @Test
  void anyOfSeveralTokensWillDo() {
    assertThat(status(api, "one")).isLessThan(300);
    assertThat(status(api, "two")).isLessThan(300);
    for (String other : List.of("three", "one,two", "on", "", "onetwo")) {
      assertThat(status(api, other)).as(other).isEqualTo(401);
    }
  }

  @Test
  void aTokenFileIsReadAgainWhenItChangesAndAWrongOneChangesNothing(@TempDir Path folder)
      throws IOException {
    Path file = Files.writeString(folder.resolve("tokens"), "old\n");
    RunningService other = api.beside("API_TOKEN_FILE", file.toString());
    try (Service _ = other.service()) {
      assertThat(status(other, "old")).isLessThan(300);
      Files.writeString(file, "old\nnew token\n");
      Files.writeString(file, "# next\nnew\nnewer\n");
      await().until(() -> status(other, "new") < 300);
      assertThat(status(other, "newer")).isLessThan(300);
      assertThat(status(other, "old")).isEqualTo(401);
      Files.writeString(file, "two words\n");
      await()
          .during(java.time.Duration.ofMillis(1500))
          .until(() -> status(other, "new") < 300 && status(other, "") == 401);
      Files.delete(file);
      await()
          .during(java.time.Duration.ofMillis(1500))
          .until(() -> status(other, "new") < 300 && status(other, "") == 401);
    }
  }

  @Test
  void everyAnswerTellsBrowsersThatItIsDataAndNothingElse() {
    for (Answer answer :
        List.of(
            api.get("/products/x"),
            api.get("/products"),
            api.get("/x"),
            api.put("/products/x", ""))) {
      assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
      assertThat(answer.header("Content-Security-Policy"))
          .isEqualTo("default-src 'none'; frame-ancestors 'none'");
    }
  }

  @Test
  void withACertificateItSpeaksTlsOnlyAndHttp2ToThoseWhoCan(@TempDir Path folder) throws Exception {
    TestCertificate certificate = TestCertificate.in(folder);
    RunningService secure =
        api.beside(
            "TIDEMARK_API_TLS_CERTIFICATE_FILE", certificate.certificate().toString(),
            "TIDEMARK_API_TLS_KEY_FILE", certificate.key().toString());
    try (Service service = secure.service();
        HttpClient trusting = HttpClient.newBuilder().sslContext(certificate.trusting()).build();
        HttpClient stranger = HttpClient.newHttpClient()) {
      URI uri = URI.create("https://127.0.0.1:" + service.port() + "/products/tls");
      HttpRequest put =
          HttpRequest.newBuilder(uri)
              .PUT(HttpRequest.BodyPublishers.ofString(CHAIR.replace('\'', '"')))
              .header("Content-Type", "application/json")
              .build();
      HttpResponse<String> written = trusting.send(put, BodyHandlers.ofString());
      assertThat(written.statusCode()).isEqualTo(201);
      assertThat(written.version()).isEqualTo(HttpClient.Version.HTTP_2);
      HttpRequest get = HttpRequest.newBuilder(uri).version(HttpClient.Version.HTTP_1_1).build();
      HttpResponse<String> read = trusting.send(get, BodyHandlers.ofString());
      assertThat(read.body()).isEqualTo(written.body());
      assertThat(read.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
      assertThatThrownBy(() -> stranger.send(get, BodyHandlers.ofString()))
          .isInstanceOf(SSLHandshakeException.class);
      assertThatThrownBy(() -> secure.get("/products/tls"))
          .as("plain HTTP")
          .hasCauseInstanceOf(IOException.class);
    }
  }

  @Test
  void towardsPostgresItTrustsTheCertificateThatItIsGivenAndNoOther(@TempDir Path folder)
      throws Exception {
    TestCertificate own = TestCertificate.in(Files.createDirectory(folder.resolve("own")));
    TestCertificate other = TestCertificate.in(Files.createDirectory(folder.resolve("other")));
    Path data = Path.of(api.texts("show data_directory").getFirst());
    for (Path file : List.of(own.certificate(), own.key())) {
      Path copy = Files.copy(file, data.resolve(file.getFileName()));
      Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-------"));
      Files.setOwner(copy, Files.getOwner(data));
    }
    setting("alter system set ssl_cert_file = 'test.crt'");
    setting("alter system set ssl_key_file = 'test.key'");
    setting("alter system set ssl = on");
    setting("select pg_reload_conf()");
    try {
      await().until(() -> api.texts("show ssl").equals(List.of("on")));
      String url = api.postgres().url() + "?sslmode=verify-full&sslrootcert=";
      RunningService secure = api.beside("DATABASE_URL", url + own.certificate());
      try (Service _ = secure.service()) {
        assertThat(status(secure, "")).isLessThan(300);
        assertThat(
                api.texts(
                    "select ssl from pg_stat_ssl join pg_stat_activity using (pid)"
                        + " where application_name = 'tidemark-product-api' order by backend_start desc limit 1"))
            .containsExactly("t");
      }
      RunningService deceived = api.beside("DATABASE_URL", url + other.certificate());
      try (Service _ = deceived.service()) {
        assertThat(deceived.put("/products/tls", CHAIR).problem()).isEqualTo("database-away");
        assertThat(deceived.admin("/health/ready").status()).isEqualTo(503);
      }
    } finally {
      setting("alter system reset ssl");
      setting("select pg_reload_conf()");
    }
  }

  private static void setting(String sql) {
    api.sql().useHandle(handle -> handle.execute(sql));
  }
}
