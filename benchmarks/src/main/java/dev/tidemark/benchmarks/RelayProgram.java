package dev.tidemark.benchmarks;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Tidemark's relay as its users run it.
final class RelayProgram {

  /// JVM options, the same as from `bin/tidemark relay`.
  static final String JVM = "-XX:+UseSerialGC -Xshare:auto -Xmn256m -XX:MetaspaceSize=64m";

  private RelayProgram() {}

  /// @param classPath of the relay
  /// @param settings for the relay's environment, beside where to read and to write
  static Carrier start(
      List<String> jvmOptions,
      String classPath,
      Map<String, String> settings,
      Route route,
      Path log) {
    Map<String, String> environment = new HashMap<>(settings);
    environment.put("DATABASE_URL", route.readerUrl());
    environment.put("TIDEMARK_RELAY_SLOT", route.slot());
    environment.put("KAFKA_BOOTSTRAP_SERVERS", route.bootstrapServers());
    environment.put("KAFKA_PRODUCT_TOPIC", route.topic());
    environment.put("TIDEMARK_RELAY_ADMIN_PORT", "0");
    return CarrierProcess.start(
        "relay",
        jvmOptions,
        // The JVM takes the last of two class paths.
        List.of("-cp", classPath, "dev.tidemark.relay.Main"),
        environment,
        log);
  }
}
