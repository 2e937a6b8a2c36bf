package dev.tidemark.cache.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.ConnectionPool;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.RedisClusterClient;
import redis.clients.jedis.Response;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.params.ScanParams;
import redis.clients.jedis.resps.ScanResult;

/// One server that holds keys, for questions that only it can answer. Thread-safe.
interface RedisShard {

  /// Returns the number of keys, including those of other programs.
  long size();

  ScanResult<String> scan(String cursor, ScanParams params);

  /// Returns keys that are drawn one by one, so that a key may come again; fewer when the server
  /// runs empty.
  List<String> randomKeys(int count);

  /// Returns all servers that hold keys.
  ///
  /// @throws JedisException when one of a cluster does not answer
  static List<RedisShard> all(UnifiedJedis client) {
    if (!(client instanceof RedisClusterClient cluster)) {
      return List.of(RedisShard.of(client));
    }
    List<RedisShard> nodes = new ArrayList<>();
    JedisException silence = new JedisException("a node that holds keys is not known");
    long wanted = Long.MAX_VALUE;
    for (ConnectionPool node : cluster.getClusterNodes().values()) {
      try {
        if (holdsSlots(ask(node, Jedis::clusterNodes))) {
          nodes.add(RedisShard.of(node));
          wanted = holders(ask(node, Jedis::clusterInfo));
        }
      } catch (JedisException e) {
        // The server may be a replica, or one that was replaced.
        silence = e;
      }
    }
    if (nodes.size() < wanted) {
      throw silence;
    }
    return nodes;
  }

  /// Returns whether the server that is asked holds slots, from the line about itself: `<id>
  /// <address> myself,master - 0 0 1 connected 0-5460`.
  private static boolean holdsSlots(String clusterNodes) {
    return clusterNodes
        .lines()
        .map(line -> line.split(" "))
        .anyMatch(
            fields ->
                fields[2].contains("myself") && fields[2].contains("master") && fields.length > 8);
  }

  /// Returns the number of nodes that hold slots.
  private static long holders(String clusterInfo) {
    return clusterInfo
        .lines()
        .filter(line -> line.startsWith("cluster_size:"))
        .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(':') + 1).strip()))
        .findFirst()
        .orElse(0);
  }

  /// Returns the server that a client leads to.
  private static RedisShard of(UnifiedJedis client) {
    return new RedisShard() {
      @Override
      public long size() {
        return client.dbSize();
      }

      @Override
      public ScanResult<String> scan(String cursor, ScanParams params) {
        return client.scan(cursor, params);
      }

      @Override
      public List<String> randomKeys(int count) {
        try (AbstractPipeline pipeline = client.pipelined()) {
          return RedisShard.randomKeys(pipeline, count);
        }
      }
    };
  }

  /// Returns a node of a cluster.
  private static RedisShard of(ConnectionPool node) {
    return new RedisShard() {
      @Override
      public long size() {
        return ask(node, Jedis::dbSize);
      }

      @Override
      public ScanResult<String> scan(String cursor, ScanParams params) {
        return ask(node, server -> server.scan(cursor, params));
      }

      @Override
      public List<String> randomKeys(int count) {
        return ask(node, server -> RedisShard.randomKeys(server.pipelined(), count));
      }
    };
  }

  /// Asks a node of a cluster.
  static <T> T ask(ConnectionPool node, Function<Jedis, T> question) {
    // This closes the connection, which gives it back to the pool.
    try (Jedis server = new Jedis(node.getResource())) {
      return question.apply(server);
    }
  }

  private static List<String> randomKeys(AbstractPipeline pipeline, int count) {
    List<Response<String>> drawn = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      drawn.add(pipeline.randomKey());
    }
    pipeline.sync();
    return drawn.stream().map(Response::get).filter(Objects::nonNull).toList();
  }
}
