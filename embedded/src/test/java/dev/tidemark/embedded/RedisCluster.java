package dev.tidemark.embedded;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.util.JedisClusterCRC16;

/// A Redis Cluster: primaries with an equal share of the slots each at first, and replicas if
/// wanted. For tests, which bring Jedis. Confined to one thread, except for methods that only read.
public final class RedisCluster implements AutoCloseable {

  public static final int SLOTS = 16384;

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  /// Number of looks, which together take longer than a message that was on its way.
  private static final int LOOKS = 4;

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final int ADMIN_TIMEOUT_MILLIS = 10_000;
  private static final int MIGRATE_TIMEOUT_MILLIS = 5000;
  private static final int KEYS_AT_A_TIME = 100;

  private final Path dir;
  private final IntFunction<List<String>> arguments;
  private final List<RedisServer> primaries = new ArrayList<>();
  private final List<RedisServer> replicas = new ArrayList<>();

  private RedisCluster(Path dir, IntFunction<List<String>> arguments) {
    this.dir = dir;
    this.arguments = arguments;
  }

  /// Starts the primaries and returns when each considers the cluster complete.
  ///
  /// @param nodeTimeout after which a silent node counts as down; a minority then stops serving
  /// @param extraArguments of redis-server, for every node
  public static RedisCluster start(
      Path dir, int primaries, Duration nodeTimeout, String... extraArguments) {
    return start(dir, primaries, nodeTimeout, _ -> List.of(extraArguments));
  }

  /// Starts a cluster as the other `start` does, with different arguments for each node.
  ///
  /// @param extraArguments of redis-server, for the node with this number
  public static RedisCluster start(
      Path dir, int primaries, Duration nodeTimeout, IntFunction<List<String>> extraArguments) {
    RedisCluster cluster =
        new RedisCluster(
            dir,
            number -> {
              List<String> arguments = new ArrayList<>();
              arguments.addAll(List.of("--cluster-enabled", "yes"));
              arguments.addAll(List.of("--cluster-require-full-coverage", "no"));
              arguments.add("--cluster-node-timeout");
              arguments.add(Long.toString(nodeTimeout.toMillis()));
              arguments.addAll(extraArguments.apply(number));
              return arguments;
            });
    for (int i = 0; i < primaries; i++) {
      RedisServer node = cluster.node("primary" + i);
      cluster.primaries.add(node);
      try (Jedis admin = admin(node)) {
        admin.clusterAddSlots(
            IntStream.range(firstSlot(i, primaries), firstSlot(i + 1, primaries)).toArray());
      }
      cluster.meet(node);
    }
    cluster.awaitOk();
    return cluster;
  }

  private static int firstSlot(int primary, int primaries) {
    return SLOTS * primary / primaries;
  }

  private RedisServer node(String name, String... more) {
    List<String> all = new ArrayList<>(arguments.apply(nodes().size()));
    // The usual port, which is 10000 above, may be beyond the last.
    all.addAll(List.of("--cluster-port", Integer.toString(Ports.free())));
    all.addAll(List.of(more));
    return RedisServer.start(dir.resolve(name), 0, all.toArray(String[]::new));
  }

  private void meet(RedisServer node) {
    RedisServer first = primaries.getFirst();
    if (node != first) {
      try (Jedis known = admin(first);
          Jedis admin = admin(node)) {
        admin.sendCommand(
            Protocol.Command.CLUSTER,
            "MEET",
            "127.0.0.1",
            Integer.toString(first.port()),
            known.configGet("cluster-port").get("cluster-port"));
      }
    }
  }

  /// Adds a replica and returns when it has the primary's data.
  public RedisServer addReplica(RedisServer primary, String... extraArguments) {
    RedisServer replica = node("replica" + replicas.size(), extraArguments);
    replicas.add(replica);
    meet(replica);
    awaitOk();
    try (Jedis known = admin(primary);
        Jedis admin = admin(replica)) {
      String id = known.clusterMyId();
      await(
          "a replica takes its primary",
          () -> {
            try {
              return admin.clusterReplicate(id).equals("OK");
            } catch (JedisDataException doesNotKnowItYet) {
              return false;
            }
          });
      await(
          "a replica has its primary's data",
          () -> admin.info("replication").contains("master_link_status:up"));
    }
    return replica;
  }

  /// Returns the primaries as they were at first, in the order of their slots.
  public List<RedisServer> primaries() {
    return List.copyOf(primaries);
  }

  /// Returns the address of the primaries, for a client.
  public String url() {
    return primaries.stream()
        .map(node -> "127.0.0.1:" + node.port())
        .collect(Collectors.joining(",", "redis://", ""));
  }

  /// Returns the primary that has the key's slot at first.
  public RedisServer home(String key) {
    return primaries.get(JedisClusterCRC16.getSlot(key) * primaries.size() / SLOTS);
  }

  /// Returns when each node knows all others and considers the cluster complete.
  public void awaitOk() {
    for (RedisServer node : nodes()) {
      await("the cluster is whole", () -> isOk(node));
    }
  }

  private List<RedisServer> nodes() {
    List<RedisServer> nodes = new ArrayList<>(primaries);
    nodes.addAll(replicas);
    return nodes;
  }

  private boolean isOk(RedisServer node) {
    try (Jedis admin = admin(node)) {
      String info = admin.clusterInfo();
      return info.contains("cluster_state:ok")
          && info.contains("cluster_known_nodes:" + nodes().size());
    } catch (JedisException e) {
      return false;
    }
  }

  public void move(int slot, RedisServer from, RedisServer to) {
    beginMove(slot, from, to);
    moveKeys(slot, from, to);
    endMove(slot, from, to);
  }

  /// Begins to move a slot. Afterwards both nodes know that the slot is moving: a key that the
  /// source does not have (any more) is asked for at the target. If an old message took the slot
  /// from the source after its last move, the source takes it back first.
  public void beginMove(int slot, RedisServer from, RedisServer to) {
    try (Jedis source = admin(from);
        Jedis target = admin(to)) {
      await(
          "slot " + slot + " of " + from.port() + " can be moved",
          () -> {
            try {
              if (portOfOwner(source, slot) != from.port()) {
                endMove(slot, to, from);
              }
              target.clusterSetSlotImporting(slot, source.clusterMyId());
              source.clusterSetSlotMigrating(slot, target.clusterMyId());
              return true;
            } catch (JedisDataException notYet) {
              return false;
            }
          });
    }
  }

  public void moveKeys(int slot, RedisServer from, RedisServer to) {
    try (Jedis source = admin(from)) {
      List<String> keys = source.clusterGetKeysInSlot(slot, KEYS_AT_A_TIME);
      while (!keys.isEmpty()) {
        for (String key : keys) {
          source.migrate("127.0.0.1", to.port(), key, 0, MIGRATE_TIMEOUT_MILLIS);
        }
        keys = source.clusterGetKeysInSlot(slot, KEYS_AT_A_TIME);
      }
    }
  }

  /// Ends the move of a slot. The target is told first, because it must not redirect back to the
  /// source; and with the highest epoch, because otherwise an old message of the source, still on
  /// its way, takes the slot back. Then the source and the other nodes are told: a node that has
  /// not heard of the move when the source's epoch rises tells the target that the slot is the
  /// source's. This is repeated until all agree and stay so: if a source raised its own epoch
  /// meanwhile (Redis does that by itself where two epochs are equal), the target believes it once
  /// more.
  public void endMove(int slot, RedisServer from, RedisServer to) {
    List<RedisServer> told = new ArrayList<>(List.of(to, from));
    primaries.stream().filter(node -> node != to && node != from).forEach(told::add);
    try (Jedis target = admin(to)) {
      String id = target.clusterMyId();
      await(
          "all nodes take " + to.port() + " for the owner of slot " + slot,
          () -> {
            target.clusterBumpEpoch();
            told.forEach(node -> setOwner(node, slot, id));
            return agreeForAWhile(told, slot, to);
          });
    }
  }

  private static boolean agreeForAWhile(List<RedisServer> nodes, int slot, RedisServer owner) {
    for (int look = 0; look < LOOKS; look++) {
      if (look > 0) {
        LockSupport.parkNanos(LOOK_NANOS);
      }
      if (!nodes.stream().allMatch(node -> portOfOwner(node, slot) == owner.port())) {
        return false;
      }
    }
    return true;
  }

  private static void setOwner(RedisServer node, int slot, String id) {
    try (Jedis admin = admin(node)) {
      admin.clusterSetSlotNode(slot, id);
    }
  }

  private static long portOfOwner(RedisServer asked, int slot) {
    try (Jedis admin = admin(asked)) {
      return portOfOwner(admin, slot);
    }
  }

  private static long portOfOwner(Jedis asked, int slot) {
    for (Object each : (List<?>) asked.sendCommand(Protocol.Command.CLUSTER, "SLOTS")) {
      List<?> range = (List<?>) each;
      if ((long) range.get(0) <= slot && slot <= (long) range.get(1)) {
        return (long) ((List<?>) range.get(2)).get(1);
      }
    }
    return -1;
  }

  private static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException("not within " + PATIENCE.toSeconds() + " s: " + what);
      }
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private static Jedis admin(RedisServer server) {
    return new Jedis("127.0.0.1", server.port(), ADMIN_TIMEOUT_MILLIS);
  }

  @Override
  public void close() {
    nodes().reversed().forEach(RedisServer::close);
  }
}
