package dev.tidemark.api.http;

import dev.tidemark.cache.Read;
import dev.tidemark.cache.Read.Served;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// Header that tells how the cache served an answer, RFC 9211.
public final class CacheStatus {

  private static final HeaderName NAME = HeaderNames.create("Cache-Status");

  private static final Map<Served, Header> SINGLE = single();
  private static final Header ALL_HIT = header("hit");

  private CacheStatus() {}

  public static Header of(Read read) {
    return Objects.requireNonNull(SINGLE.get(read.served()));
  }

  /// Returns the header for an answer of several reads: a hit when all were; otherwise the reason
  /// why the rest was asked for, and the number of hits.
  ///
  /// @param all how many reads there are; of a long list the first are known when it begins
  public static Header of(Collection<Served> reads, int all) {
    Set<Served> served = EnumSet.noneOf(Served.class);
    long hits = 0;
    for (Served read : reads) {
      switch (read) {
        case HIT, NEAR_HIT -> hits++;
        case STORED, NOT_STORED, COLLAPSED, BYPASSED, DEGRADED -> served.add(read);
      }
    }
    if (reads.size() < all) {
      return header("detail=\"%d of the first %d of %d hit\"".formatted(hits, reads.size(), all));
    }
    if (served.isEmpty()) {
      return ALL_HIT;
    }
    String why;
    if (served.contains(Served.BYPASSED)) {
      why = "request";
    } else if (served.contains(Served.DEGRADED)) {
      why = "bypass";
    } else {
      why = hits == 0 ? "miss" : "partial";
    }
    return header("fwd=%s; detail=\"%d of %d hit\"".formatted(why, hits, reads.size()));
  }

  private static Map<Served, Header> single() {
    Map<Served, Header> headers = new EnumMap<>(Served.class);
    for (Served served : Served.values()) {
      headers.put(
          served,
          header(
              switch (served) {
                case HIT -> "hit";
                case NEAR_HIT -> "hit; detail=near";
                case STORED -> "fwd=miss; stored";
                case NOT_STORED -> "fwd=miss";
                case COLLAPSED -> "fwd=miss; collapsed";
                case BYPASSED -> "fwd=request";
                case DEGRADED -> "fwd=bypass";
              }));
    }
    return headers;
  }

  private static Header header(String text) {
    return HeaderValues.createCached(NAME, "tidemark; " + text);
  }
}
