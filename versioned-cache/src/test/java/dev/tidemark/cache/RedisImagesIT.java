package dev.tidemark.cache;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.TestInstance;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.junit.jupiter.Testcontainers;

/// The contract on the newest Redis and the newest Valkey, where Docker is there to run them.
@Testcontainers(disabledWithoutDocker = true)
class RedisImagesIT {

  private static final int PORT = 6379;

  @Nested
  class OnRedis extends OnImage {
    OnRedis() {
      super("redis:8");
    }
  }

  @Nested
  class OnValkey extends OnImage {
    OnValkey() {
      super("valkey/valkey:8");
    }
  }

  @TestInstance(TestInstance.Lifecycle.PER_CLASS)
  abstract static class OnImage extends EntryStoreContract {

    private final GenericContainer<?> container;
    private RedisConnection connection;

    OnImage(String image) {
      container = new GenericContainer<>(image).withExposedPorts(PORT);
    }

    @BeforeAll
    void start() {
      container.start();
      connection =
          RedisConnection.open(
              "redis://" + container.getHost() + ":" + container.getMappedPort(PORT), PATIENT);
    }

    @AfterAll
    void stop() {
      connection.close();
      container.stop();
    }

    @Override
    EntryStore store() {
      return connection.entries();
    }
  }
}
