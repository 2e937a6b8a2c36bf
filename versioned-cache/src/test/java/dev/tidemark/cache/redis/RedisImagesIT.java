package dev.tidemark.cache.redis;

import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.junit.jupiter.Testcontainers;

/// The contract on the newest Redis and the newest Valkey, if Docker is available to run them.
@Testcontainers(disabledWithoutDocker = true)
class RedisImagesIT {

  @Nested
  class OnRedis extends EntryStoreContract {

    private static Running running;

    @BeforeAll
    static void start() {
      running = Running.of("redis:8");
    }

    @AfterAll
    static void stop() {
      running.close();
    }

    @Override
    public EntryStore store() {
      return running.connection().entries();
    }
  }

  @Nested
  class OnValkey extends EntryStoreContract {

    private static Running running;

    @BeforeAll
    static void start() {
      running = Running.of("valkey/valkey:8");
    }

    @AfterAll
    static void stop() {
      running.close();
    }

    @Override
    public EntryStore store() {
      return running.connection().entries();
    }
  }

  private record Running(GenericContainer<?> container, RedisConnection connection)
      implements AutoCloseable {

    private static final int PORT = 6379;

    static Running of(String image) {
      GenericContainer<?> container = new GenericContainer<>(image).withExposedPorts(PORT);
      container.start();
      String url = "redis://" + container.getHost() + ":" + container.getMappedPort(PORT);
      return new Running(container, RedisConnection.open(url, EntryStoreContract.PATIENT));
    }

    @Override
    public void close() {
      connection.close();
      container.stop();
    }
  }
}
