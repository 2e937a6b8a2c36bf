package dev.tidemark.devstack;

import dev.tidemark.embedded.Ports;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The ports of a stack, as options of a command. The servers' defaults are not the usual ones, so
/// that a PostgreSQL, Kafka or Redis that already runs on this machine is no obstacle.
final class StackPorts {
  private static final String OPTION = "; 0: any free one";

  @Option(
      names = "--port-offset",
      paramLabel = "N",
      description =
          "Added to every port that has no option of its own here: a second stack beside the first.")
  private int offset;

  @Option(
      names = "--api-port",
      paramLabel = "PORT",
      description = "product-api (8080" + OPTION + ").")
  private @Nullable Integer api;

  @Option(
      names = "--api-admin-port",
      paramLabel = "PORT",
      description = "Health and metrics of product-api (8081" + OPTION + ").")
  private @Nullable Integer apiAdmin;

  @Option(
      names = "--relay-admin-port",
      paramLabel = "PORT",
      description = "Health and metrics of outbox-relay (8082" + OPTION + ").")
  private @Nullable Integer relayAdmin;

  @Option(
      names = "--invalidator-admin-port",
      paramLabel = "PORT",
      description = "Health and metrics of invalidator (8083" + OPTION + ").")
  private @Nullable Integer invalidatorAdmin;

  @Option(
      names = "--postgres-port",
      paramLabel = "PORT",
      description = "PostgreSQL (15432" + OPTION + ").")
  private @Nullable Integer postgres;

  @Option(names = "--kafka-port", paramLabel = "PORT", description = "Kafka (19092" + OPTION + ").")
  private @Nullable Integer kafka;

  @Option(names = "--redis-port", paramLabel = "PORT", description = "Redis (16379" + OPTION + ").")
  private @Nullable Integer redis;

  /// The ports to use, all of them free a moment ago.
  record Chosen(
      int api,
      int apiAdmin,
      int relayAdmin,
      int invalidatorAdmin,
      int postgres,
      int kafka,
      int redis) {}

  private record Wish(String part, String option, int port) {}

  /// @throws StackException naming each port that another program has, the part that needs it, and
  ///   its option
  Chosen choose() {
    List<Wish> wishes =
        List.of(
            wish("product-api", "--api-port", api, 8080),
            wish("product-api's health and metrics", "--api-admin-port", apiAdmin, 8081),
            wish("outbox-relay's health and metrics", "--relay-admin-port", relayAdmin, 8082),
            wish(
                "invalidator's health and metrics",
                "--invalidator-admin-port",
                invalidatorAdmin,
                8083),
            wish("PostgreSQL", "--postgres-port", postgres, 15_432),
            wish("Kafka", "--kafka-port", kafka, 19_092),
            wish("Redis", "--redis-port", redis, 16_379));
    List<String> faults = new ArrayList<>();
    Set<Integer> taken = new HashSet<>();
    List<Integer> ports = new ArrayList<>();
    for (Wish wish : wishes) {
      int port = wish.port() == 0 ? freeExcept(taken) : wish.port();
      if (port < 0 || port > 65_535) {
        faults.add("port %d of %s is not between 0 and 65535".formatted(port, wish.part()));
      } else if (!taken.add(port)) {
        faults.add(
            "port %d is given twice; %s needs its own (%s)"
                .formatted(port, wish.part(), wish.option()));
      } else if (!Ports.isFree(port)) {
        faults.add(
            "port %d is already in use by another program; %s needs it: choose another with %s (0: any free one)"
                .formatted(port, wish.part(), wish.option()));
      }
      ports.add(port);
    }
    if (!faults.isEmpty()) {
      throw new StackException(String.join(System.lineSeparator(), faults));
    }
    return new Chosen(
        ports.get(0),
        ports.get(1),
        ports.get(2),
        ports.get(3),
        ports.get(4),
        ports.get(5),
        ports.get(6));
  }

  private Wish wish(String part, String option, @Nullable Integer given, int standard) {
    return new Wish(part, option, given == null ? standard + offset : given);
  }

  private static int freeExcept(Set<Integer> taken) {
    int port = Ports.free();
    while (taken.contains(port)) {
      port = Ports.free();
    }
    return port;
  }
}
