package dev.tidemark.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// Certificate authority for tests. It issues certificates for this machine with the JDK's
/// `keytool`. All files are PEM. Confined to one thread.
public final class CertificateAuthority {
  private static final String PASSWORD = "changeit";
  private static final String OWN = "authority";

  private final Path folder;
  private final Path certificate;

  /// A certificate that the authority has issued, with its key.
  ///
  /// @param key PKCS #8, without a password
  /// @param both key and certificate in one file
  public record Issued(Path certificate, Path key, Path both) {}

  private CertificateAuthority(Path folder) throws IOException {
    this.folder = Files.createDirectories(folder);
    make(OWN, "CN=" + folder.getFileName(), "-ext", "bc:c");
    this.certificate = issued(OWN).certificate();
  }

  /// Creates an authority.
  ///
  /// @param folder of its own; its name is the authority's
  public static CertificateAuthority in(Path folder) {
    try {
      return new CertificateAuthority(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Returns the authority's own certificate, PEM, for clients and servers that must trust it.
  public Path certificate() {
    return certificate;
  }

  /// Issues a certificate for `localhost` and `127.0.0.1`.
  public Issued issue(String name) {
    return issueFor(name, "dns:localhost,ip:127.0.0.1");
  }

  /// Issues a certificate for other names.
  ///
  /// @param alternativeNames as `keytool` takes them, `dns:redis.example,ip:10.0.0.1`
  /// @param moreOptions of `keytool`; `-startdate -3d` makes one that has expired
  public Issued issueFor(String name, String alternativeNames, String... moreOptions) {
    List<String> options = new ArrayList<>(List.of(moreOptions));
    options.addAll(List.of("-signer", OWN, "-ext", "SAN=" + alternativeNames));
    try {
      make(name, "CN=" + name, options.toArray(String[]::new));
      return issued(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Returns a TLS context for clients that trust only this authority.
  public SSLContext trusting() {
    try {
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry(OWN, store().getCertificate(OWN));
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private void make(String name, String owner, String... options) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(List.of("-J-XX:TieredStopAtLevel=1", "-genkeypair", "-keyalg", "EC"));
    command.addAll(List.of("-alias", name, "-dname", owner, "-validity", "2"));
    command.addAll(List.of("-storetype", "PKCS12", "-storepass", PASSWORD));
    command.addAll(List.of("-keystore", file().toString()));
    command.addAll(List.of(options));
    Process keytool = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (keytool.onExit().join().exitValue() != 0) {
      throw new IOException("keytool made no certificate " + name + ": " + said);
    }
  }

  private Path file() {
    return folder.resolve("authority.p12");
  }

  private KeyStore store() throws GeneralSecurityException, IOException {
    try (InputStream in = Files.newInputStream(file())) {
      KeyStore all = KeyStore.getInstance("PKCS12");
      all.load(in, PASSWORD.toCharArray());
      return all;
    }
  }

  private Issued issued(String name) throws IOException {
    try {
      KeyStore all = store();
      String certificate = pem("CERTIFICATE", all.getCertificate(name).getEncoded());
      String key = pem("PRIVATE KEY", all.getKey(name, PASSWORD.toCharArray()).getEncoded());
      return new Issued(
          Files.writeString(folder.resolve(name + ".crt"), certificate),
          Files.writeString(folder.resolve(name + ".key"), key),
          Files.writeString(folder.resolve(name + ".pem"), key + certificate));
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private static String pem(String what, byte[] bytes) {
    return "-----BEGIN %s-----%n%s%n-----END %s-----%n"
        .formatted(what, Base64.getMimeEncoder().encodeToString(bytes), what);
  }
}
