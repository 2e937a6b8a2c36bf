package dev.tidemark.cache.interleavings;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.tidemark.cache.interleavings.Step.Consequence;
import dev.tidemark.cache.redis.ProtocolScripts;
import dev.tidemark.cache.redis.StoredEntry;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.UnifiedJedis;

/// Runs every interleaving of the steps of a program's actors, on one key, with the real scripts in
/// a real Redis, and checks the promises after each step.
///
/// The interleavings form a tree: a node is a world and an entry, an edge is a step. It is run
/// level by level. Thousands of edges are run together, in one pipeline: the parent's entry is put
/// under a key, the step is done to it, the answer and the entry are read. Edges that do the same
/// to the same entry are run once in each pipeline. It is checked that the next pipelines give the
/// same answer and entry.
///
/// Confined to one thread.
final class Explorer {

  private static final int EDGES_IN_A_PIPELINE = 4_000;

  private final UnifiedJedis client;
  private final ProtocolScripts protocol;
  private final Map<Operation, Result> known = new HashMap<>();

  Explorer(UnifiedJedis client, ProtocolScripts protocol) {
    this.client = client;
    this.protocol = protocol;
    protocol.load(client);
  }

  /// Steps that led to a node: which alternative was taken after each.
  ///
  /// @param before null for the start
  private record Path(@Nullable Path before, int choice) {}

  /// A world and an entry, with the steps that led to them.
  ///
  /// @param path null for the start
  /// @param ways how many interleavings led here
  private record Node(@Nullable Path path, World world, StoredEntry entry, BigInteger ways) {

    List<Step> next() {
      return world.next(entry);
    }

    Situation situation() {
      return new Situation(world, entry);
    }

    Node and(Node same) {
      return new Node(path, world, entry, ways.add(same.ways));
    }
  }

  private record Situation(World world, StoredEntry entry) {}

  private record Edge(Node from, int choice, Step step) {

    Operation operation() {
      return new Operation(from.entry(), step.access());
    }

    /// Returns the node that the edge leads to.
    Node to(World world, StoredEntry entry) {
      return new Node(new Path(from.path(), choice), world.saw(entry), entry, from.ways());
    }
  }

  /// A step's access to the key with the entry that it finds, on which alone its result depends.
  private record Operation(StoredEntry entry, Access access) {

    boolean isOnTheKey() {
      return !(access instanceof Access.Elsewhere);
    }
  }

  private record Result(@Nullable Object answer, StoredEntry entry) {

    boolean isSame(Result other) {
      return Objects.deepEquals(answer, other.answer) && entry.equals(other.entry);
    }
  }

  private record Violation(Node node, String what) {}

  /// Runs each interleaving by itself. Only their common beginning is run once.
  Exploration tree(Program program) {
    return explore(program, false);
  }

  /// Continues only once from a situation that several interleavings of one length have reached,
  /// but counts them all.
  Exploration merged(Program program) {
    return explore(program, true);
  }

  private Exploration explore(Program program, boolean merging) {
    Node start = start(program);
    Collection<Node> level = List.of(start);
    BigInteger complete = BigInteger.ZERO;
    long steps = 0;
    while (!level.isEmpty()) {
      NextLevel next = new NextLevel(merging);
      List<Edge> edges = new ArrayList<>(EDGES_IN_A_PIPELINE);
      for (Node node : level) {
        List<Step> alternatives = node.next();
        if (alternatives.isEmpty()) {
          complete = complete.add(node.ways());
          Optional<String> broken = Promises.brokenAtRest(node.world(), node.entry());
          if (broken.isPresent()) {
            return new Exploration(complete, steps, broken.map(what -> report(start, node, what)));
          }
        }
        for (int choice = 0; choice < alternatives.size(); choice++) {
          edges.add(new Edge(node, choice, alternatives.get(choice)));
          steps++;
          if (edges.size() == EDGES_IN_A_PIPELINE) {
            next.add(edges, run(edges));
            edges.clear();
          }
        }
      }
      next.add(edges, run(edges));
      Violation violation = next.violation;
      if (violation != null) {
        String report = report(start, violation.node(), violation.what());
        return new Exploration(complete, steps, Optional.of(report));
      }
      level = next.nodes();
    }
    return new Exploration(complete, steps, Optional.empty());
  }

  private static Node start(Program program) {
    World world = program.world().saw(program.entry());
    return new Node(null, world, program.entry(), BigInteger.ONE);
  }

  private List<Result> run(List<Edge> edges) {
    List<Operation> operations = edges.stream().map(Edge::operation).toList();
    runInRedis(
        operations.stream()
            .filter(Operation::isOnTheKey)
            .collect(Collectors.toCollection(LinkedHashSet::new)));
    return operations.stream().map(this::result).toList();
  }

  private Result result(Operation operation) {
    return operation.isOnTheKey() ? known.get(operation) : new Result(null, operation.entry());
  }

  private void runInRedis(Collection<Operation> operations) {
    List<Response<?>> answers = new ArrayList<>(operations.size());
    List<Response<byte[]>> entries = new ArrayList<>(operations.size());
    try (AbstractPipeline pipeline = client.pipelined()) {
      for (Operation operation : operations) {
        byte[] key = ("explored:" + answers.size()).getBytes(US_ASCII);
        ProtocolScripts.put(pipeline, key, operation.entry());
        answers.add(protocol.append(pipeline, key, operation.access()));
        entries.add(pipeline.get(key));
      }
    }
    int i = 0;
    for (Operation operation : operations) {
      Result result = new Result(answers.get(i).get(), StoredEntry.of(entries.get(i).get()));
      i++;
      Result before = known.putIfAbsent(operation, result);
      if (before != null && !before.isSame(result)) {
        throw new AssertionError(operation + " gives another result than before");
      }
    }
  }

  /// Collects the results of the steps of one level.
  private static final class NextLevel {
    private final boolean merging;
    private final List<Node> each = new ArrayList<>();
    private final Map<Situation, Node> merged = new LinkedHashMap<>();
    private final Map<StoredEntry, StoredEntry> entries = new HashMap<>();
    private @Nullable Violation violation;

    NextLevel(boolean merging) {
      this.merging = merging;
    }

    Collection<Node> nodes() {
      return merging ? merged.values() : each;
    }

    void add(List<Edge> edges, List<Result> results) {
      for (int i = 0; i < edges.size() && violation == null; i++) {
        add(edges.get(i), results.get(i));
      }
    }

    private void add(Edge edge, Result result) {
      Consequence consequence = edge.step().then().apply(result.answer());
      StoredEntry entry = entries.computeIfAbsent(result.entry(), same -> same);
      Node node = edge.to(consequence.world(), entry);
      violation =
          Promises.broken(node.world(), entry, consequence.served())
              .or(() -> Promises.broken(edge.from().world(), edge.step().access(), result.answer()))
              .map(what -> new Violation(node, what))
              .orElse(null);
      if (merging) {
        merged.merge(node.situation(), node, Node::and);
      } else {
        each.add(node);
      }
    }
  }

  /// Returns the steps from the start to the node, and the content of the key after each.
  private String report(Node start, Node node, String what) {
    List<String> lines = new ArrayList<>();
    lines.add("%-40s %s".formatted("start", start.entry()));
    Node at = start;
    for (int choice : choices(node)) {
      Edge edge = new Edge(at, choice, at.next().get(choice));
      Result result = result(edge.operation());
      at = edge.to(edge.step().then().apply(result.answer()).world(), result.entry());
      lines.add("%-40s %s".formatted(edge.step(), at.entry()));
    }
    lines.add("broken: " + what);
    return String.join("\n", lines);
  }

  private static List<Integer> choices(Node node) {
    List<Integer> choices = new ArrayList<>();
    for (Path path = node.path(); path != null; path = path.before()) {
      choices.addFirst(path.choice());
    }
    return choices;
  }
}
