package dev.tidemark.cache.redis;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertPathValidatorException.Reason;
import java.security.cert.CertificateException;
import java.security.cert.PKIXReason;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes TLS connections to Redis, only with a server whose certificate is trusted and is for the
/// name or address that was connected to. Files that have changed are read again for the next
/// connection; if they are wrong, the last good ones stay in use. Thread-safe.
final class RedisTlsSockets extends SSLSocketFactory {

  private static final Logger log = LoggerFactory.getLogger(RedisTlsSockets.class);

  private final RedisTlsFiles files;
  private SSLContext context;
  private String seen;
  private volatile @Nullable String lastFailure;

  /// @throws IllegalArgumentException naming the file that is wrong
  RedisTlsSockets(RedisTlsFiles files) {
    this.files = files;
    this.seen = files.state();
    this.context = files.read();
  }

  /// Returns the last failure in words, of any server.
  Optional<String> lastFailure() {
    return Optional.ofNullable(lastFailure);
  }

  /// Returns when the handshake is done, within the time that the socket has for an answer.
  @Override
  public Socket createSocket(Socket plain, String host, int port, boolean autoClose)
      throws IOException {
    SSLSocket socket =
        (SSLSocket) current().getSocketFactory().createSocket(plain, host, port, autoClose);
    SSLParameters parameters = socket.getSSLParameters();
    // This makes the client compare the certificate's names with the host.
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(parameters);
    int timeoutMillis = plain.getSoTimeout();
    try {
      socket.startHandshake();
      return socket;
    } catch (IOException e) {
      IOException told = told(host + ":" + port, timeoutMillis, e);
      lastFailure = told.getMessage();
      throw told;
    }
  }

  private synchronized SSLContext current() {
    String now = files.state();
    if (!now.equals(seen)) {
      seen = now;
      try {
        context = files.read();
        log.info("Redis certificates reloaded");
      } catch (IllegalArgumentException e) {
        log.atWarn()
            .addKeyValue("reason", e.getMessage())
            .log("reloading the Redis certificates failed; the previous ones stay in force");
      }
    }
    return context;
  }

  /// Returns the exception with its message. A time-out stays one, because the caller treats it
  /// differently from other failures.
  private IOException told(String address, int timeoutMillis, IOException failure) {
    boolean silent = failure instanceof SocketTimeoutException;
    String words =
        "no TLS with %s: %s"
            .formatted(
                address,
                silent
                    ? "no answer within %d ms; does it speak TLS?".formatted(timeoutMillis)
                    : words(failure));
    return silent ? new SocketTimeoutException(words) : new SSLException(words);
  }

  private String words(IOException failure) {
    if (isOf(failure, BasicReason.EXPIRED, BasicReason.NOT_YET_VALID)) {
      return "its certificate has expired, or is not valid yet";
    }
    // A signature is wrong when an authority was made again under the same name.
    if (causes(failure).anyMatch(CertPathBuilderException.class::isInstance)
        || isOf(failure, PKIXReason.NO_TRUST_ANCHOR, BasicReason.INVALID_SIGNATURE)) {
      return "its certificate is vouched for by none of the authorities in " + files.trust();
    }
    return causes(failure)
        .filter(CertificateException.class::isInstance)
        .findFirst()
        .map(e -> "its certificate is refused: " + e.getMessage())
        .orElseGet(() -> String.valueOf(failure.getMessage()));
  }

  private static boolean isOf(IOException failure, Reason... reasons) {
    return causes(failure)
        .anyMatch(
            e ->
                e instanceof CertPathValidatorException path
                    && List.of(reasons).contains(path.getReason()));
  }

  private static Stream<Throwable> causes(Throwable failure) {
    return Stream.iterate(failure, e -> e != null, Throwable::getCause);
  }

  @Override
  public String[] getDefaultCipherSuites() {
    return current().getSocketFactory().getDefaultCipherSuites();
  }

  @Override
  public String[] getSupportedCipherSuites() {
    return current().getSocketFactory().getSupportedCipherSuites();
  }

  @Override
  public Socket createSocket(String host, int port) {
    throw onlyOfAConnection();
  }

  @Override
  public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
    throw onlyOfAConnection();
  }

  @Override
  public Socket createSocket(InetAddress host, int port) {
    throw onlyOfAConnection();
  }

  @Override
  public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) {
    throw onlyOfAConnection();
  }

  private static UnsupportedOperationException onlyOfAConnection() {
    return new UnsupportedOperationException("TLS is made of a connection that is there");
  }
}
