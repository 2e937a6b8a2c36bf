package dev.tidemark.service.settings;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/// Settings of Kafka's clients in the environment, whatever their names:
/// `KAFKA_CLIENT_SSL_KEYSTORE_TYPE` is `ssl.keystore.type`. As with other secrets, `NAME_FILE` may
/// name a file that holds the value.
public final class KafkaClientSettings {

  public static final Setting<String> SERVERS =
      Setting.required("KAFKA_BOOTSTRAP_SERVERS", "host:port[,host:port]");

  /// Consumer group of the invalidators.
  public static final Setting<String> GROUP =
      Setting.text("KAFKA_GROUP_ID", "tidemark-invalidator", "consumer group of the invalidators");

  public static final Setting<Map<String, String>> CLIENT =
      Setting.read(
          "KAFKA_CLIENT_<NAME>",
          "any setting of Kafka's clients: KAFKA_CLIENT_SECURITY_PROTOCOL is security.protocol",
          KafkaClientSettings::read);

  public static final Pattern TOPIC = Pattern.compile("[A-Za-z0-9._-]{1,249}");

  private static final String PREFIX = "KAFKA_CLIENT_";

  /// Prefix of variables for Kafka settings some of which end in `_FILE` by themselves.
  private static final String OAUTH = PREFIX + "SASL_OAUTHBEARER_";

  private KafkaClientSettings() {}

  /// Reads the settings.
  ///
  /// @return by Kafka's own names
  /// @throws IllegalArgumentException naming the variable that is wrong, never its value
  public static Map<String, String> read(Map<String, String> environment) {
    Map<String, String> settings = new HashMap<>();
    for (String variable : environment.keySet()) {
      if (variable.startsWith(PREFIX)) {
        String name =
            variable.endsWith(Secret.FILE) && !variable.startsWith(OAUTH)
                ? variable.substring(0, variable.length() - Secret.FILE.length())
                : variable;
        Secret.read(name, environment)
            .ifPresent(value -> settings.put(kafkaName(name.substring(PREFIX.length())), value));
      }
    }
    return settings;
  }

  /// Returns the variable for a name of Kafka's.
  public static String variable(String kafkaName) {
    return PREFIX + kafkaName.toUpperCase(Locale.ROOT).replace('.', '_');
  }

  private static String kafkaName(String name) {
    return name.toLowerCase(Locale.ROOT).replace('_', '.');
  }
}
