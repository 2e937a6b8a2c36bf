package dev.tidemark.api.http;

import java.nio.file.Files;
import java.nio.file.Path;

/// What the API shows of itself by TLS, in PEM: its certificate with those that vouch for it, and
/// its private key, without a password.
public record TlsFiles(Path certificate, Path key) {

  public TlsFiles {
    for (Path file : new Path[] {certificate, key}) {
      if (!Files.isReadable(file)) {
        throw new IllegalArgumentException(
            "TIDEMARK_API_TLS_CERTIFICATE_FILE or …_KEY_FILE names a file that cannot be read: "
                + file);
      }
    }
  }
}
