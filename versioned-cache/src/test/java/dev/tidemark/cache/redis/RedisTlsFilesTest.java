package dev.tidemark.cache.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.embedded.CertificateAuthority;
import dev.tidemark.embedded.CertificateAuthority.Issued;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Faults in a file are reported before anything starts, with the option that names it.
class RedisTlsFilesTest {

  private static final String NO_KEY = "sslkey names a file without a private key in PKCS #8";

  @TempDir static Path folder;
  private static Path trusted;
  private static Issued own;

  @BeforeAll
  static void issue() {
    CertificateAuthority authority = CertificateAuthority.in(folder);
    trusted = authority.certificate();
    own = authority.issue("own");
  }

  @Test
  void aFileThatIsAwayIsNamed() {
    assertWrong("sslrootcert=/no/such/file", "sslrootcert names a file that cannot be read: /no");
    assertWrong("sslrootcert=" + folder, "sslrootcert names a file that cannot be read: " + folder);
    assertWrong(
        "sslcert=%s&sslkey=/no/such".formatted(own.certificate()),
        "sslkey names a file that cannot be read: /no/such");
  }

  @Test
  void aFileWithoutACertificateIsNamed() throws IOException {
    Path other = Files.writeString(folder.resolve("other.pem"), "hello");
    assertWrong("sslrootcert=" + other, "sslrootcert names a file without a certificate in PEM");
    assertWrong("sslrootcert=" + own.key(), "with a private key, not a certificate: " + own.key());
    Path broken =
        Files.writeString(
            folder.resolve("broken.pem"),
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    assertWrong("sslrootcert=" + broken, "with a certificate that cannot be read: " + broken);
  }

  @Test
  void aKeyOfAnotherFormIsNamedWithWhatMakesItRight() throws IOException {
    Path old =
        Files.writeString(
            folder.resolve("old.key"),
            Files.readString(own.key()).replace("PRIVATE KEY", "EC PRIVATE KEY"));
    assertWrong(pair(own.certificate(), old), NO_KEY);
    assertWrong(pair(own.certificate(), own.certificate()), NO_KEY);
    Path broken =
        Files.writeString(
            folder.resolve("broken.key"),
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    assertWrong(pair(own.certificate(), broken), "with a key that is not the certificate's");
  }

  @Test
  void textAndKeysBetweenTheCertificatesAreNoFault() throws IOException {
    Path all =
        Files.writeString(
            folder.resolve("all.pem"),
            "Grüße\n%s# own\n%s%s"
                .formatted(
                    Files.readString(own.certificate()),
                    Files.readString(own.key()),
                    Files.readString(trusted)));
    Path wrongOrder =
        Files.writeString(
            folder.resolve("order.pem"),
            Files.readString(trusted) + Files.readString(own.certificate()));
    assertWrong(pair(wrongOrder, own.key()), "one's own first: " + wrongOrder);
    RedisConnection.checked("rediss://h?sslrootcert=%s&%s".formatted(all, pair(all, all)));
    assertThat(RedisAddress.parse("rediss://h?sslrootcert=" + all).tlsFiles().read()).isNotNull();
  }

  private static String pair(Path certificate, Path key) {
    return "sslcert=%s&sslkey=%s".formatted(certificate, key);
  }

  private static void assertWrong(String options, String words) {
    assertThatThrownBy(() -> RedisConnection.checked("rediss://u:secret@h?" + options))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(words)
        .hasMessageNotContaining("secret");
  }
}
