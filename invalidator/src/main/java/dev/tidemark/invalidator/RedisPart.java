package dev.tidemark.invalidator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemark.cache.EntryStoreException;
import dev.tidemark.cache.RedisConnection;
import dev.tidemark.cache.RedisNode;
import dev.tidemark.invalidator.PartStatus.Line;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import redis.clients.jedis.exceptions.JedisException;

/// Redis: each of its servers, and the report that the last `audit` has left there.
final class RedisPart {

  private static final String NAME = "redis";
  private static final String PRIMARY = "master";
  private static final ObjectMapper json = new ObjectMapper();

  private RedisPart() {}

  static PartStatus ask(RedisTarget target) {
    try (RedisConnection connection = target.open()) {
      return of(connection.nodes(), lastAudit(connection));
    } catch (EntryStoreException | JedisException e) {
      return PartStatus.unanswered(
          NAME,
          NAME,
          e.getMessage()
              + ": see that it runs, and that REDIS_URL, or --data DIR, is right;"
              + " reads go to the database meanwhile, and evictions wait");
    }
  }

  private static Optional<JsonNode> lastAudit(RedisConnection connection) {
    try {
      Optional<String> report = connection.note(AuditRun.LAST_AUDIT);
      return report.isPresent() ? Optional.of(json.readTree(report.get())) : Optional.empty();
    } catch (JsonProcessingException writtenBySomebodyElse) {
      return Optional.empty();
    }
  }

  private static PartStatus of(List<RedisNode> nodes, Optional<JsonNode> lastAudit) {
    ObjectNode all = JsonNodeFactory.instance.objectNode();
    ArrayNode servers = all.putArray("servers");
    List<Line> lines = new ArrayList<>();
    boolean red = nodes.stream().noneMatch(node -> node.field("role").equals(PRIMARY));
    for (RedisNode node : nodes) {
      red |= !node.answers();
      servers.add(json(node));
      lines.add(new Line(NAME, text(node)));
      if (node.number("evicted_keys") > 0) {
        lines.add(
            new Line(
                "WARNING",
                "%s dropped %,d keys for lack of memory, leases among them: raise maxmemory"
                    .formatted(node.address(), node.number("evicted_keys"))));
      }
    }
    all.put("ready", !red);
    lastAudit.ifPresent(report -> all.set("lastAudit", report));
    return new PartStatus(NAME, all, red, lines);
  }

  private static ObjectNode json(RedisNode node) {
    ObjectNode server = JsonNodeFactory.instance.objectNode();
    server.put("address", node.address()).put("answers", node.answers());
    if (node.answers()) {
      server
          .put("role", node.field("role"))
          .put("version", node.field("redis_version"))
          .put("runId", node.field("run_id"))
          .put("usedMemoryBytes", node.number("used_memory"))
          .put("maxMemoryBytes", node.number("maxmemory"))
          .put("evictedKeys", node.number("evicted_keys"))
          .put("replicas", node.number("connected_slaves"));
    }
    return server;
  }

  private static String text(RedisNode node) {
    if (!node.answers()) {
      return PartStatus.wellOrRed(
          false, node.address() + " does not answer: its keys are not evicted until it does");
    }
    boolean primary = node.field("role").equals(PRIMARY);
    long most = node.number("maxmemory");
    return "%s: %s, %s%s, %,d keys dropped for lack of it, %d replicas"
        .formatted(
            PartStatus.wellOrRed(true, node.address()),
            primary ? "primary" : "replica",
            Sizes.bytes(node.number("used_memory")),
            most == 0 ? " (no limit)" : " of " + Sizes.bytes(most),
            node.number("evicted_keys"),
            node.number("connected_slaves"));
  }
}
