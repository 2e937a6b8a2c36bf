/// The protocol on one Redis, on Redis Cluster, and on Redis behind sentinels.
///
/// [RedisConnection] opens what a [RedisAddress] names and gives out the store. [RedisEntryStore]
/// passes each operation to [ScriptOperations], which sends a [Script] for each key in one
/// [CommandBatch]; [EntryCodec] turns entries into bytes and back. [RedisRepeatingExecutor] repeats
/// what only its connection failed, and [RedisFault] tells what a failure means. [EvictionTrial]
/// finds out whether Redis takes evictions. [RedisInspection] and [RedisShard] read a cache from
/// outside, for operators.
///
/// The Lua scripts lie beside these classes. Only this package knows Jedis. It does not know who
/// reads through the cache.
@NullMarked
package dev.tidemark.cache.redis;

import org.jspecify.annotations.NullMarked;
