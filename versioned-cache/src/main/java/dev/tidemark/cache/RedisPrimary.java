package dev.tidemark.cache;

import java.time.Duration;
import java.util.Optional;

/// A Redis process that holds entries. Another one in its place, after a failover or a restart, may
/// lack the last writes.
///
/// @param runId the process's own name, another after each start
/// @param replicationLag how long ago the slowest of its replicas last said how far it is, in whole
///   seconds; empty when it has none
public record RedisPrimary(String runId, Optional<Duration> replicationLag) {}
