package dev.tidemark.benchmarks;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Tidemark's invalidator as its users run it.
final class InvalidatorProgram {

  /// Those that `bin/tidemark invalidate` gives it.
  static final String JVM = "-XX:+UseSerialGC -Xshare:auto -Xmn64m -XX:MetaspaceSize=64m";

  private InvalidatorProgram() {}

  /// @param group another for each run, which so begins at the topic's beginning
  /// @param settings for its environment, beside where to read and to evict
  static CarrierProcess start(
      List<String> jvmOptions,
      Map<String, String> settings,
      EvictionTopic topic,
      String group,
      String redisUrl,
      Path log) {
    Map<String, String> environment = new HashMap<>(settings);
    environment.put("KAFKA_BOOTSTRAP_SERVERS", topic.bootstrapServers());
    environment.put("KAFKA_PRODUCT_TOPIC", topic.name());
    environment.put("KAFKA_GROUP_ID", group);
    environment.put("REDIS_URL", redisUrl);
    environment.put("TIDEMARK_INVALIDATOR_ADMIN_PORT", "0");
    return CarrierProcess.start(
        "invalidator", jvmOptions, List.of("dev.tidemark.invalidator.Main"), environment, log);
  }
}
