package dev.tidemark.cache.redis;

import java.time.Duration;
import java.util.Optional;

/// A Redis process that holds entries. Another process in its place, after a failover or a restart,
/// may lack the last writes.
///
/// @param runId the process's own name, another after each start
/// @param replicationId name of its history since it was last promoted, another after each
///   promotion; empty when it has been primary since it started. A process that was replaced and
///   put back has kept its name, and has taken the history of the one in between
/// @param replicationLag time since the slowest of its replicas last reported its position, in
///   whole seconds; empty when it has none
public record RedisPrimary(String runId, String replicationId, Optional<Duration> replicationLag) {}
