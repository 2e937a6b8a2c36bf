/// The product API as a program: settings, wiring, and the order of start and stop.
///
/// [Main] reads [Configuration] and starts [Service], which opens the pool, the cache and the feed,
/// then [ApiServer], which maps paths and methods to handlers. [Readiness] reports the state of the
/// service.
///
/// A request goes `http` → `resources` or `imports` → `store` and the cache → `http`. The rooms do
/// not know this package, nor the environment.
@NullMarked
package dev.tidemark.api;

import org.jspecify.annotations.NullMarked;
