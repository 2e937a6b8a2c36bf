/// The live path: poll, evict, and only then commit.
///
/// [EventLoop] owns the consumer. It puts what it reads into [PendingEvictions], the newest version
/// of each key, and hands that to [EvictorThread], where [Evictor] applies it to the cache and
/// sends the dead letters. When every answer was good, the offsets are committed. A failover of
/// Redis, or a failure, makes the loop go back.
///
/// It does not know how Redis is reached, nor what an audit finds.
@NullMarked
package dev.tidemark.invalidator.live;

import org.jspecify.annotations.NullMarked;
