package dev.tidemark.operator.status;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tidemark.cache.redis.EvictionTrial;
import dev.tidemark.cache.redis.RedisConnection;
import dev.tidemark.cache.redis.RedisNode;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.invalidation.RedisTarget;
import dev.tidemark.operator.audit.LastAudit;
import dev.tidemark.operator.run.Deadline;
import dev.tidemark.operator.status.PartStatus.Line;
import dev.tidemark.operator.status.PartStatus.Silence;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import redis.clients.jedis.exceptions.JedisException;

/// Redis: each of its servers, whether they accept evictions, and the report that the last `audit`
/// has left there.
final class RedisPart {

  static final String NAME = "redis";
  private static final String PRIMARY = "master";
  static final String REMEDY =
      "see that it runs, and that REDIS_URL, or --data DIR, is right;"
          + " reads go to the database meanwhile, and evictions wait";

  private RedisPart() {}

  /// @param trial finds out whether Redis takes evictions
  static PartStatus<LastAudit> ask(RedisTarget target, EvictionTrial trial, Deadline deadline) {
    // A connection is made, then asked. Each may take its share of the time.
    RedisTarget patient = target.withTimeout(deadline.at(0.5).left().plusMillis(1));
    try (RedisConnection connection = patient.open()) {
      return of(
          connection.nodes(),
          refusal(connection, trial),
          connection.note(LastAudit.NOTE).flatMap(LastAudit::read));
    } catch (EntryStoreException | JedisException e) {
      String reason = String.valueOf(e.getMessage());
      return isLate(e)
          ? PartStatus.late(NAME, NAME, reason, REMEDY)
          : PartStatus.unanswered(NAME, NAME, reason, REMEDY);
    }
  }

  /// Tries evictions that change nothing. The invalidators' user may have rights that this
  /// command's user lacks.
  private static Optional<Line> refusal(RedisConnection redis, EvictionTrial trial) {
    try {
      trial.on(redis);
      return Optional.empty();
    } catch (EntryStoreException e) {
      if (e.fault() != EntryStoreException.Fault.UNWRITABLE) {
        throw e;
      }
      String reason = String.valueOf(e.getMessage());
      return Optional.of(
          reason.contains("NOPERM")
              ? new Line(NAME, Health.YELLOW, reason, ": of the user that this command has")
              : new Line(NAME, Health.RED, reason, ": evictions wait, and entries grow old"));
    }
  }

  private static boolean isLate(Throwable failure) {
    return Stream.iterate(failure, Objects::nonNull, Throwable::getCause)
        .anyMatch(SocketTimeoutException.class::isInstance);
  }

  private static PartStatus<LastAudit> of(
      List<RedisNode> nodes, Optional<Line> refusal, Optional<LastAudit> lastAudit) {
    ObjectNode all = JsonNodeFactory.instance.objectNode();
    ArrayNode servers = all.putArray("servers");
    List<Line> lines = new ArrayList<>();
    boolean primary = nodes.stream().anyMatch(node -> node.field("role").equals(PRIMARY));
    boolean red = !primary || refusal.filter(line -> line.health() == Health.RED).isPresent();
    for (RedisNode node : nodes) {
      red |= !node.answers();
      servers.add(json(node));
      lines.add(line(node, primary));
      if (node.number("evicted_keys") > 0) {
        lines.add(
            Line.detail(
                "WARNING",
                "%s dropped %,d keys for lack of memory, leases among them: raise maxmemory"
                    .formatted(node.address(), node.number("evicted_keys"))));
      }
    }
    refusal.ifPresent(lines::add);
    all.put("ready", !red);
    lastAudit.ifPresent(audit -> all.set("lastAudit", audit.json()));
    return new PartStatus<>(NAME, all, lastAudit, Silence.NONE, lines);
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

  private static Line line(RedisNode node, boolean primaryIsThere) {
    if (!node.answers()) {
      return new Line(
          NAME,
          Health.RED,
          node.address() + " does not answer",
          ": its keys are not evicted until it does");
    }
    boolean isPrimary = node.field("role").equals(PRIMARY);
    long most = node.number("maxmemory");
    return new Line(
        NAME,
        primaryIsThere ? Health.WELL : Health.RED,
        primaryIsThere ? node.address() : node.address() + " is a replica, and there is no primary",
        ": %s, %s%s, %,d keys dropped for lack of it, %d replicas"
            .formatted(
                isPrimary ? "primary" : "replica",
                Sizes.bytes(node.number("used_memory")),
                most == 0 ? " (no limit)" : " of " + Sizes.bytes(most),
                node.number("evicted_keys"),
                node.number("connected_slaves")));
  }
}
