package dev.tidemark.devstack.stack;

import dev.tidemark.embedded.Ports;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// Ports of a stack, as options of a command. The servers' defaults are not the usual ones, so that
/// a PostgreSQL, Kafka or Redis that already runs on this machine is no obstacle.
final class StackPorts {
  private static final String OPTION = "; 0: any free one";
  private static final int OFFSET_STEP = 1_000;
  private static final int MOST_STEPS = 20;

  @Option(
      names = "--port-offset",
      paramLabel = "N",
      description =
          "Added to every port that has no option of its own here: a second stack beside the"
              + " first.")
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

  /// Ports to use, all of them free a moment ago.
  record Chosen(
      int api,
      int apiAdmin,
      int relayAdmin,
      int invalidatorAdmin,
      int postgres,
      int kafka,
      int redis) {}

  /// @param moves whether it has no option of its own, so that `--port-offset` moves it
  private record Wish(String part, String option, int port, boolean moves) {}

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
    List<Wish> busy = new ArrayList<>();
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
        busy.add(wish);
      }
      ports.add(port);
    }
    if (!busy.isEmpty()) {
      faults.add(inUse(busy, wishes));
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

  private String inUse(List<Wish> busy, List<Wish> wishes) {
    String which =
        busy.size() == 1
            ? "port %d is already in use by another program; %s needs it"
                .formatted(busy.getFirst().port(), busy.getFirst().part())
            : "ports are already in use by other programs: %s"
                .formatted(
                    busy.stream()
                        .map(wish -> "%d (%s)".formatted(wish.port(), wish.part()))
                        .collect(Collectors.joining(", ")));
    boolean moves = busy.stream().allMatch(Wish::moves);
    if (moves && busy.size() > 1) {
      return "%s: move all with --port-offset %d, or each by its own option (see --help)"
          .formatted(which, freeOffset(wishes));
    }
    String options = busy.stream().map(Wish::option).collect(Collectors.joining(", "));
    return "%s: choose another with %s (0: any free one)%s"
        .formatted(
            which, options, moves ? ", or move all with --port-offset " + freeOffset(wishes) : "");
  }

  /// Returns the next offset that makes every port free that it moves.
  private int freeOffset(List<Wish> wishes) {
    return IntStream.iterate(OFFSET_STEP, step -> step + OFFSET_STEP)
        .limit(MOST_STEPS)
        .filter(
            step ->
                wishes.stream()
                    .filter(Wish::moves)
                    .allMatch(wish -> Ports.isFree(wish.port() + step)))
        .map(step -> offset + step)
        .findFirst()
        .orElse(offset + OFFSET_STEP);
  }

  private Wish wish(String part, String option, @Nullable Integer given, int standard) {
    return given == null
        ? new Wish(part, option, standard + offset, true)
        : new Wish(part, option, given, false);
  }

  private static int freeExcept(Set<Integer> taken) {
    int port = Ports.free();
    while (taken.contains(port)) {
      port = Ports.free();
    }
    return port;
  }
}
