package dev.tidemark.benchmarks;

import redis.clients.jedis.UnifiedJedis;

/// The processor time of a Redis server.
final class RedisCpu {

  private RedisCpu() {}

  static double seconds(UnifiedJedis redis) {
    return redis
        .info("cpu")
        .lines()
        .filter(line -> line.matches("used_cpu_(sys|user):.*"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.indexOf(':') + 1).strip()))
        .sum();
  }
}
