package dev.tidemark.api.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import dev.tidemark.api.Service;
import dev.tidemark.embedded.CertificateAuthority;
import dev.tidemark.embedded.CertificateAuthority.Issued;
import dev.tidemark.embedded.Ports;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.embedded.ServerTls;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Tests of write access, and of what others on the network may see.
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
    CertificateAuthority authority = CertificateAuthority.in(folder);
    Issued certificate = authority.issue("api");
    RunningService secure =
        api.beside(
            "TIDEMARK_API_TLS_CERTIFICATE_FILE", certificate.certificate().toString(),
            "TIDEMARK_API_TLS_KEY_FILE", certificate.key().toString());
    try (Service service = secure.service();
        HttpClient trusting = HttpClient.newBuilder().sslContext(authority.trusting()).build();
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
      assertThat(secure.admin("/metrics").text())
          .as("the scheme in the metrics")
          .contains("http_request_method=\"PUT\"", "url_scheme=\"https\"")
          .doesNotContain("url_scheme=\"http\"");
    }
  }

  @Test
  void towardsPostgresItTrustsTheCertificateThatItIsGivenAndNoOther(@TempDir Path folder)
      throws Exception {
    CertificateAuthority authority = CertificateAuthority.in(folder.resolve("own"));
    CertificateAuthority stranger = CertificateAuthority.in(folder.resolve("other"));
    ServerTls.restart(api.postgres(), authority.issue("postgres"));
    String url = api.postgres().url() + "?sslmode=verify-full&sslrootcert=";
    RunningService secure = api.beside("DATABASE_URL", url + authority.certificate());
    try (Service _ = secure.service()) {
      assertThat(status(secure, "")).isLessThan(300);
      assertThat(
              api.texts(
                  "select ssl from pg_stat_ssl join pg_stat_activity using (pid) where"
                      + " application_name = 'tidemark-product-api' order by backend_start desc"
                      + " limit 1"))
          .containsExactly("t");
    }
    RunningService deceived = api.beside("DATABASE_URL", url + stranger.certificate());
    try (Service _ = deceived.service()) {
      assertThat(deceived.put("/products/tls", CHAIR).problem()).isEqualTo("database-away");
      assertThat(deceived.admin("/health/ready").text()).contains("no connection", "PKIX path");
    }
  }

  @Test
  void towardsRedisItTrustsTheAuthorityThatItIsGivenAndNoOther(@TempDir Path folder) {
    CertificateAuthority authority = CertificateAuthority.in(folder.resolve("own"));
    CertificateAuthority stranger = CertificateAuthority.in(folder.resolve("other"));
    int port = Ports.free();
    try (RedisServer _ =
        RedisServer.start(
            folder.resolve("redis"),
            0,
            ServerTls.redisArguments(port, authority, authority.issue("redis"))
                .toArray(String[]::new))) {
      String url = "rediss://default:geheim@localhost:%d?sslrootcert=".formatted(port);
      // Redis accepts any password for a user who needs none.
      RunningService secure = api.beside("REDIS_URL", url + authority.certificate());
      try (Service _ = secure.service()) {
        secure.put("/products/redis", CHAIR);
        secure.get("/products/redis");
        assertThat(secure.get("/products/redis").header("Cache-Status")).isEqualTo("tidemark; hit");
      }
      RunningService deceived = api.beside("REDIS_URL", url + stranger.certificate());
      try (Service _ = deceived.service()) {
        assertThat(deceived.get("/products/redis").status()).isEqualTo(200);
        assertThat(deceived.admin("/health/ready").text())
            .contains("degraded", "vouched for by none of the authorities in")
            .doesNotContain("geheim");
      }
    }
  }
}
