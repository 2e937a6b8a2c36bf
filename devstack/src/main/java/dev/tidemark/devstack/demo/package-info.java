/// The command `demo`: traffic through a running system, and a check of every key at its end.
///
/// [Demo] loads [SampleCatalogue], then [Traffic] reads and writes each [DemoProduct] as shoppers
/// draw them by [Zipf], and counts in [TrafficFigures]. When nobody writes any more, [TopicCheck],
/// [CacheCheck] and [WriteCheck] compare outbox, topic, cache and database, and [DemoReport] says
/// what they found. [NaiveCache] does the same work the usual way, for comparison.
///
/// It knows how to reach the servers, not how they are started.
@NullMarked
package dev.tidemark.devstack.demo;

import org.jspecify.annotations.NullMarked;
