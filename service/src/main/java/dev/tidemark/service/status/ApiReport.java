package dev.tidemark.service.status;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/// State of a product API. Immutable.
///
/// @param redis what readiness says of Redis, in words
/// @param usesRedis whether Redis answers this service and takes its evictions; else all reads go
///   to the database
/// @param requests number of reads since its start by what the cache had for them, as in the metric
///   `cache_requests_total`
public record ApiReport(
    boolean ready, String reason, String redis, boolean usesRedis, Map<String, Long> requests)
    implements ServiceReport {

  public ApiReport {
    requests = Collections.unmodifiableMap(new LinkedHashMap<>(requests));
  }
}
