package dev.tidemark.invalidator;

import dev.tidemark.embedded.KafkaServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/// One broker for all test classes that ask for a [KafkaServer] and leave it running. Each test has
/// its own topics and groups.
public final class SharedKafka implements ParameterResolver {

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == KafkaServer.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context
        .getRoot()
        .getStore(ExtensionContext.Namespace.create(SharedKafka.class))
        .computeIfAbsent(KafkaServer.class, type -> start());
  }

  private static KafkaServer start() {
    try {
      return KafkaServer.start(Files.createTempDirectory(Path.of("target"), "kafka"), 0);
    } catch (IOException e) {
      throw new UncheckedIOException("no folder for Kafka", e);
    }
  }
}
