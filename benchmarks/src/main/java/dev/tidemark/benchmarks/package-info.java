/// Benchmarks: each compares Tidemark with the plain way of doing the same work, in one run, and
/// ends with one JSON line.
///
/// A benchmark is one class: a [Benchmark] with picocli's annotations, listed in [Main].
@NullMarked
package dev.tidemark.benchmarks;

import org.jspecify.annotations.NullMarked;
