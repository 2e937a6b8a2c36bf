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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.UnifiedJedis;

/// Runs every interleaving of the steps of a program's actors, on one key, with the real scripts in
/// a real Redis, and checks the promises after each step.
///
/// The interleavings form a tree: a node is a world and an entry, an edge is a step. It is run
/// level by level, and each edge once: the parent's entry is put under a key, the step is done to
/// it, the answer and the entry are read. Thousands of edges go through one pipeline.
///
/// Confined to one thread.
final class Explorer {

  private static final int EDGES_IN_A_PIPELINE = 4_000;

  private final UnifiedJedis client;
  private final ProtocolScripts protocol;
  private final byte[][] keys =
      IntStream.range(0, EDGES_IN_A_PIPELINE)
          .mapToObj(i -> ("explored:" + i).getBytes(US_ASCII))
          .toArray(byte[][]::new);

  Explorer(UnifiedJedis client, ProtocolScripts protocol) {
    this.client = client;
    this.protocol = protocol;
    protocol.load(client);
  }

  /// A world and an entry, with the steps that led to them.
  ///
  /// @param choice which of the parent's steps led here
  /// @param ways how many interleavings led here
  private record Node(
      @Nullable Node parent, int choice, World world, StoredEntry entry, BigInteger ways) {

    List<Step> next() {
      return world.next(entry);
    }

    Situation situation() {
      return new Situation(world, entry);
    }

    Node and(Node same) {
      return new Node(parent, choice, world, entry, ways.add(same.ways));
    }
  }

  private record Situation(World world, StoredEntry entry) {}

  private record Edge(Node from, int choice, Step step) {}

  private record Result(@Nullable Object answer, StoredEntry entry) {}

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
    World start = program.world().saw(program.entry());
    Collection<Node> level = List.of(new Node(null, 0, start, program.entry(), BigInteger.ONE));
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
            return new Exploration(complete, steps, broken.map(what -> report(node, what)));
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
      if (next.violation.isPresent()) {
        return new Exploration(complete, steps, next.violation);
      }
      level = next.nodes();
    }
    return new Exploration(complete, steps, Optional.empty());
  }

  private List<Result> run(List<Edge> edges) {
    List<Response<?>> answers = new ArrayList<>(edges.size());
    List<Response<byte[]>> entries = new ArrayList<>(edges.size());
    try (AbstractPipeline pipeline = client.pipelined()) {
      for (int i = 0; i < edges.size(); i++) {
        Edge edge = edges.get(i);
        if (edge.step().access() instanceof Access.Elsewhere) {
          answers.add(null);
          entries.add(null);
        } else {
          ProtocolScripts.put(pipeline, keys[i], edge.from().entry());
          answers.add(protocol.append(pipeline, keys[i], edge.step().access()));
          entries.add(pipeline.get(keys[i]));
        }
      }
    }
    return IntStream.range(0, edges.size())
        .mapToObj(
            i ->
                answers.get(i) == null
                    ? new Result(null, edges.get(i).from().entry())
                    : new Result(answers.get(i).get(), StoredEntry.of(entries.get(i).get())))
        .toList();
  }

  /// Collects the results of the steps of one level.
  private static final class NextLevel {
    private final boolean merging;
    private final List<Node> each = new ArrayList<>();
    private final Map<Situation, Node> merged = new LinkedHashMap<>();
    private final Map<StoredEntry, StoredEntry> entries = new HashMap<>();
    private Optional<String> violation = Optional.empty();

    NextLevel(boolean merging) {
      this.merging = merging;
    }

    Collection<Node> nodes() {
      return merging ? merged.values() : each;
    }

    void add(List<Edge> edges, List<Result> results) {
      for (int i = 0; i < edges.size() && violation.isEmpty(); i++) {
        add(edges.get(i), results.get(i));
      }
    }

    private void add(Edge edge, Result result) {
      Consequence consequence = edge.step().then().apply(result.answer());
      StoredEntry entry = entries.computeIfAbsent(result.entry(), same -> same);
      Node from = edge.from();
      Node node = new Node(from, edge.choice(), consequence.world().saw(entry), entry, from.ways());
      violation =
          Promises.broken(node.world(), entry, consequence.served())
              .or(() -> Promises.broken(from.world(), edge.step().access(), result.answer()))
              .map(what -> report(node, what));
      if (merging) {
        merged.merge(node.situation(), node, Node::and);
      } else {
        each.add(node);
      }
    }
  }

  /// Returns the steps from the start to the node, and the content of the key after each.
  private static String report(Node node, String what) {
    List<String> lines = new ArrayList<>();
    Node at = node;
    while (at.parent() != null) {
      Step step = at.parent().next().get(at.choice());
      lines.addFirst("%-40s %s".formatted(step, at.entry()));
      at = at.parent();
    }
    lines.addFirst("%-40s %s".formatted("start", at.entry()));
    lines.add("broken: " + what);
    return String.join("\n", lines);
  }
}
