package dev.tidemark.embedded;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;

/// The program that [KafkaServer] starts. It formats the data folder if that is new, and runs the
/// broker until SIGTERM.
///
/// Arguments: the server's properties file, and a file that it makes when clients are served.
final class KafkaProcess {
  /// Id of the cluster. Any would do, but it must be the same at the next start.
  private static final String CLUSTER_ID = "tidemark-embedded-kafA";

  private KafkaProcess() {}

  public static void main(String[] arguments) throws Exception {
    // Letters and digits of names look the same everywhere.
    Locale.setDefault(Locale.ROOT);
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(Path.of(arguments[0]))) {
      properties.load(reader);
    }
    KafkaConfig config = KafkaConfig.fromProps(properties, false);
    format(config, properties.getProperty("log.dirs"));
    KafkaRaftServer server = new KafkaRaftServer(config, Time.SYSTEM);
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown, "stop"));
    try {
      server.startup();
      Files.createFile(Path.of(arguments[1]));
      server.awaitShutdown();
    } catch (IOException | RuntimeException e) {
      e.printStackTrace();
      Runtime.getRuntime().halt(1);
    }
  }

  private static void format(KafkaConfig config, String directory) throws Exception {
    new Formatter()
        .setClusterId(CLUSTER_ID)
        .setNodeId(config.nodeId())
        .setControllerListenerName("CONTROLLER")
        .setMetadataLogDirectory(directory)
        .addDirectory(directory)
        .setIgnoreFormatted(true)
        .setPrintStream(System.out)
        .run();
  }
}
