package dev.tidemark.embedded;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/// A further port of a broker, which serves clients by TLS.
///
/// @param name in capitals
/// @param protocol Kafka's `security.protocol`
/// @param settings of this listener
public record KafkaListener(String name, String protocol, int port, Map<String, String> settings) {

  public KafkaListener {
    settings = Map.copyOf(settings);
  }

  /// Returns a listener with TLS. It asks its clients for a certificate, but accepts clients
  /// without one.
  public static KafkaListener tls(
      CertificateAuthority authority, CertificateAuthority.Issued certificate) {
    return new KafkaListener(
        "TLS", "SSL", Ports.free(), certificates(authority, certificate, "requested"));
  }

  /// Returns a listener with TLS for one user, who authenticates with a password.
  public static KafkaListener password(
      CertificateAuthority authority,
      CertificateAuthority.Issued certificate,
      String user,
      String password) {
    Map<String, String> settings = new HashMap<>(certificates(authority, certificate, "none"));
    settings.put("sasl.enabled.mechanisms", "PLAIN");
    settings.put(
        "plain.sasl.jaas.config",
        "org.apache.kafka.common.security.plain.PlainLoginModule required user_%s=\"%s\";"
            .formatted(user, password));
    return new KafkaListener("PASSWORD", "SASL_SSL", Ports.free(), settings);
  }

  private static Map<String, String> certificates(
      CertificateAuthority authority,
      CertificateAuthority.Issued certificate,
      String wantedOfClients) {
    return Map.of(
        "ssl.keystore.type",
        "PEM",
        "ssl.keystore.location",
        certificate.both().toString(),
        "ssl.truststore.type",
        "PEM",
        "ssl.truststore.location",
        authority.certificate().toString(),
        "ssl.client.auth",
        wantedOfClients);
  }

  public String bootstrapServers() {
    return "127.0.0.1:" + port;
  }

  /// Returns the broker's settings for these listeners beside the plain one, each with a name of
  /// its own.
  public static Map<String, String> settings(KafkaListener... listeners) {
    Map<String, String> all = new HashMap<>();
    for (KafkaListener listener : listeners) {
      String address = listener.name + "://127.0.0.1:" + listener.port;
      add(all, "listeners", address);
      add(all, "advertised.listeners", address);
      add(all, "listener.security.protocol.map", listener.name + ":" + listener.protocol);
      String prefix = "listener.name." + listener.name.toLowerCase(Locale.ROOT) + ".";
      listener.settings.forEach((name, value) -> all.put(prefix + name, value));
    }
    return all;
  }

  private static void add(Map<String, String> all, String list, String item) {
    all.merge(list, item, (before, more) -> before + "," + more);
  }
}
