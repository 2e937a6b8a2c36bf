package dev.tidemark.service.settings;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/// What the environment tells of Kafka's clients, whichever setting they have:
/// `KAFKA_CLIENT_SSL_KEYSTORE_TYPE` is `ssl.keystore.type`. As with other secrets `NAME_FILE` may
/// name a file that holds the value.
public final class KafkaClientSettings {
  private static final String PREFIX = "KAFKA_CLIENT_";
  private static final String FILE = "_FILE";

  /// Among these there are settings of Kafka's own that end so.
  private static final String OAUTH = PREFIX + "SASL_OAUTHBEARER_";

  private KafkaClientSettings() {}

  /// Reads them.
  ///
  /// @return by Kafka's own names
  /// @throws IllegalArgumentException naming the variable that is wrong, never its value
  public static Map<String, String> read(Map<String, String> environment) {
    Map<String, String> settings = new HashMap<>();
    for (String variable : environment.keySet()) {
      if (variable.startsWith(PREFIX)) {
        String name =
            variable.endsWith(FILE) && !variable.startsWith(OAUTH)
                ? variable.substring(0, variable.length() - FILE.length())
                : variable;
        Secret.read(name, environment)
            .ifPresent(value -> settings.put(kafkaName(name.substring(PREFIX.length())), value));
      }
    }
    return settings;
  }

  /// The variable that sets what Kafka calls so.
  public static String variable(String kafkaName) {
    return PREFIX + kafkaName.toUpperCase(Locale.ROOT).replace('.', '_');
  }

  private static String kafkaName(String name) {
    return name.toLowerCase(Locale.ROOT).replace('_', '.');
  }
}
