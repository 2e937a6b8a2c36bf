package dev.tidemark.invalidator.audit;

import java.time.Duration;
import java.util.Arrays;
import java.util.OptionalDouble;

/// Share of good results among those counted in the last ten minutes. Times are those of
/// [System#nanoTime]. Confined to one thread.
final class RecentShare {

  private static final int MINUTES = 10;
  private static final long MINUTE_NANOS = Duration.ofMinutes(1).toNanos();

  private final long[] good = new long[MINUTES];
  private final long[] all = new long[MINUTES];

  /// Minute that each place counts.
  private final long[] minutes = new long[MINUTES];

  RecentShare() {
    Arrays.fill(minutes, Long.MIN_VALUE);
  }

  void count(boolean isGood, long now) {
    long minute = Math.floorDiv(now, MINUTE_NANOS);
    int place = Math.floorMod(minute, MINUTES);
    if (minutes[place] != minute) {
      minutes[place] = minute;
      good[place] = 0;
      all[place] = 0;
    }
    good[place] += isGood ? 1 : 0;
    all[place]++;
  }

  /// Returns the share; empty when nothing was counted.
  OptionalDouble share(long now) {
    long minute = Math.floorDiv(now, MINUTE_NANOS);
    long goodSum = 0;
    long sum = 0;
    for (int place = 0; place < MINUTES; place++) {
      if (minutes[place] > minute - MINUTES && minutes[place] <= minute) {
        goodSum += good[place];
        sum += all[place];
      }
    }
    return sum == 0 ? OptionalDouble.empty() : OptionalDouble.of((double) goodSum / sum);
  }
}
