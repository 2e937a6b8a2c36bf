package dev.tidemark.api.http;

import java.nio.file.Files;
import java.nio.file.Path;

/// TLS files of the API in PEM: its certificate with the intermediate ones, and its private key,
/// without a password.
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
