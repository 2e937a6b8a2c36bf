package dev.tidemark.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/// TLS for servers that [CertificateAuthority] has issued a certificate to; of Kafka, see
/// [KafkaListener].
public final class ServerTls {

  private ServerTls() {}

  /// Returns arguments with which a Redis, or a sentinel, also listens for TLS. It does not require
  /// client certificates unless told `--tls-auth-clients yes`.
  public static List<String> redisArguments(
      int tlsPort, CertificateAuthority authority, CertificateAuthority.Issued own) {
    return List.of(
        "--tls-port", Integer.toString(tlsPort),
        "--tls-cert-file", own.certificate().toString(),
        "--tls-key-file", own.key().toString(),
        "--tls-ca-cert-file", authority.certificate().toString(),
        "--tls-auth-clients", "no");
  }

  /// Starts a PostgreSQL again, for clients with TLS and clients without.
  public static void restart(PostgresServer server, CertificateAuthority.Issued own) {
    Path data = server.dir().resolve("data");
    try {
      for (Path file : List.of(own.certificate(), own.key())) {
        Path copy = Files.copy(file, data.resolve(file.getFileName()));
        Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rw-------"));
        Files.setOwner(copy, Files.getOwner(data));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot give PostgreSQL its certificate", e);
    }
    server.settings.put("ssl", "on");
    server.settings.put("ssl_cert_file", own.certificate().getFileName().toString());
    server.settings.put("ssl_key_file", own.key().getFileName().toString());
    server.restart();
  }
}
