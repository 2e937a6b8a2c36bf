package dev.tidemark.api;

import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;

/// Whether another request is taken on, the same for all resources. Thread-safe.
///
/// @param underWay how many more may be carried out at the same time
/// @param draining whether the service is about to stop: what it answers then is the last on its
///   connection
record Admission(Semaphore underWay, BooleanSupplier draining) {}
