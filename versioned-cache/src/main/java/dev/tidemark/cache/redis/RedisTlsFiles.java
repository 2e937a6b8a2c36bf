package dev.tidemark.cache.redis;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/// PEM files of an address with `rediss://`, under libpq's names. Immutable; the files are not.
///
/// @param rootCertificates `sslrootcert`: CA certificates for the servers; empty: those that the
///   JVM trusts
/// @param certificate `sslcert`: certificate for servers that require client certificates, with the
///   intermediate ones
/// @param key `sslkey`: its private key, in PKCS #8, without a password
record RedisTlsFiles(
    Optional<Path> rootCertificates, Optional<Path> certificate, Optional<Path> key) {

  static final String ROOT_CERTIFICATES = "sslrootcert";
  static final String CERTIFICATE = "sslcert";
  static final String KEY = "sslkey";

  /// Password of the key stores in memory, which no one else sees.
  private static final char[] NO_PASSWORD = new char[0];

  /// Pattern of `-----BEGIN CERTIFICATE-----`, Base64, `-----END CERTIFICATE-----`, and any text in
  /// between, [RFC 7468](https://www.rfc-editor.org/rfc/rfc7468).
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");

  RedisTlsFiles {
    if (certificate.isPresent() != key.isPresent()) {
      throw new IllegalArgumentException(
          "%s and %s belong together; one is not given".formatted(CERTIFICATE, KEY));
    }
  }

  boolean isEmpty() {
    return all().isEmpty();
  }

  private List<Path> all() {
    return Stream.of(rootCertificates, certificate, key).flatMap(Optional::stream).toList();
  }

  /// Returns a value that differs when a file has changed.
  String state() {
    StringBuilder state = new StringBuilder();
    for (Path file : all()) {
      try {
        state.append(Files.getLastModifiedTime(file)).append(Files.size(file)).append(' ');
      } catch (IOException e) {
        state.append("away ");
      }
    }
    return state.toString();
  }

  /// Reads the files.
  ///
  /// @throws IllegalArgumentException naming the file that is wrong, and what is wrong with it
  SSLContext read() {
    try {
      if (isEmpty()) {
        return SSLContext.getDefault();
      }
      SSLContext context = SSLContext.getInstance("TLS");
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(rootCertificates.isPresent() ? trusted(rootCertificates.get()) : null);
      KeyManagerFactory own =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      own.init(
          certificate.isPresent() ? shown(certificate.get(), key.orElseThrow()) : empty(),
          NO_PASSWORD);
      context.init(own.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException("TLS cannot be set up: " + e.getMessage(), e);
    }
  }

  private static KeyStore empty() throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }

  private static KeyStore trusted(Path file) throws GeneralSecurityException, IOException {
    KeyStore store = empty();
    List<Certificate> certificates = certificates(ROOT_CERTIFICATES, file);
    for (int i = 0; i < certificates.size(); i++) {
      store.setCertificateEntry(Integer.toString(i), certificates.get(i));
    }
    return store;
  }

  private static KeyStore shown(Path certificate, Path key)
      throws GeneralSecurityException, IOException {
    KeyStore store = empty();
    List<Certificate> chain = certificates(CERTIFICATE, certificate);
    PrivateKey own = key(key, chain.getFirst());
    try {
      store.setKeyEntry("own", own, NO_PASSWORD, chain.toArray(Certificate[]::new));
    } catch (KeyStoreException e) {
      throw wrong(
          CERTIFICATE,
          "with certificates of which each must be vouched for by the next, one's own first",
          certificate,
          e);
    }
    return store;
  }

  private static List<Certificate> certificates(String option, Path file) {
    String text = text(option, file);
    List<Certificate> found = new ArrayList<>();
    for (byte[] block : blocks("CERTIFICATE", text)) {
      try {
        found.add(
            CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(block)));
      } catch (GeneralSecurityException e) {
        throw wrong(option, "with a certificate that cannot be read", file, e);
      }
    }
    if (found.isEmpty()) {
      boolean isKey = text.contains("PRIVATE KEY-----");
      throw wrong(
          option,
          isKey ? "with a private key, not a certificate" : "without a certificate in PEM",
          file,
          null);
    }
    return found;
  }

  private static PrivateKey key(Path file, Certificate certificate) {
    List<byte[]> keys = blocks("PRIVATE KEY", text(KEY, file));
    if (keys.isEmpty()) {
      throw wrong(
          KEY,
          "without a private key in PKCS #8 and without a password"
              + " (openssl pkcs8 -topk8 -nodes makes one of others)",
          file,
          null);
    }
    try {
      return KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm())
          .generatePrivate(new PKCS8EncodedKeySpec(keys.getFirst()));
    } catch (GeneralSecurityException e) {
      throw wrong(KEY, "with a key that is not the certificate's", file, e);
    }
  }

  private static List<byte[]> blocks(String what, String text) {
    List<byte[]> found = new ArrayList<>();
    Matcher block = BLOCK.matcher(text);
    while (block.find()) {
      if (block.group(1).equals(what)) {
        found.add(Base64.getMimeDecoder().decode(block.group(2)));
      }
    }
    return found;
  }

  /// Returns the text in a character set that takes any bytes: the patterns are ASCII.
  private static String text(String option, Path file) {
    try {
      return Files.readString(file, ISO_8859_1);
    } catch (IOException e) {
      throw wrong(option, "that cannot be read", file, e);
    }
  }

  private static IllegalArgumentException wrong(
      String option, String fault, Path file, @Nullable Exception cause) {
    return new IllegalArgumentException(
        "%s names a file %s: %s".formatted(option, fault, file), cause);
  }

  /// Returns the trusted certificates, for messages.
  String trust() {
    return rootCertificates
        .map(Path::toString)
        .orElse("those that the JVM trusts; " + ROOT_CERTIFICATES + "=FILE names others");
  }
}
