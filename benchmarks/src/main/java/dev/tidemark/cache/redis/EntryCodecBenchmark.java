package dev.tidemark.cache.redis;

import dev.tidemark.cache.store.CachedValue;
import dev.tidemark.cache.store.Lookup;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// Measurements of the entry's codec. The class is in the codec's package, which is open to nobody
/// else; JMH requires a public class that is not final.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EntryCodecBenchmark {

  private static final long VERSION = 1234;

  /// Size in bytes.
  @Param("1000")
  private int payload;

  private CachedValue value = new CachedValue.Absent(0);
  private byte[] entry = {};

  @Setup
  public void prepare() {
    value = new CachedValue.Present(VERSION, new byte[payload]);
    entry = EntryCodec.encode(value);
  }

  @Benchmark
  public byte[] encode() {
    return EntryCodec.encode(value);
  }

  @Benchmark
  public Optional<Lookup> decode() {
    return EntryCodec.decode(entry);
  }

  @Benchmark
  public byte[] copy() {
    return entry.clone();
  }
}
