package dev.tidemark.benchmarks;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.openjdk.jmh.util.ListStatistics;

/// Figures of several sides over several rounds. Confined to one thread.
///
/// Sides are compared round by round: what else the machine does changes over a run, and hits the
/// sides of one round alike.
final class Comparison {

  private final Map<String, List<Map<String, Double>>> rounds = new HashMap<>();

  /// Median of the rounds, and the range of the middle half of them.
  record Spread(double low, double median, double high) {}

  /// Runs the sides in turn, each round in another order.
  static Comparison alternate(int rounds, List<Side> sides, String what, Consumer<String> progress)
      throws Exception {
    Comparison comparison = new Comparison();
    for (int round = 0; round < rounds; round++) {
      progress.accept("%s: round %d of %d".formatted(what, round + 1, rounds));
      for (int i = 0; i < sides.size(); i++) {
        Side side = sides.get((i + round) % sides.size());
        comparison.add(side.name(), side.round().run());
      }
    }
    return comparison;
  }

  /// Adds the figures of a side in the next round.
  void add(String side, Map<String, Double> figures) {
    rounds.computeIfAbsent(side, _ -> new ArrayList<>()).add(figures);
  }

  double median(String side, String figure) {
    return spread(values(side, figure)).median();
  }

  double max(String side, String figure) {
    return new ListStatistics(values(side, figure)).getMax();
  }

  /// Returns the ratio of this side's figure to the other side's.
  Spread ratio(String side, String other, String figure) {
    double[] these = values(side, figure);
    double[] those = values(other, figure);
    double[] ratios = new double[these.length];
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] = these[i] / those[i];
    }
    return spread(ratios);
  }

  private double[] values(String side, String figure) {
    List<Map<String, Double>> figures = rounds.get(side);
    if (figures == null) {
      throw new IllegalArgumentException("no side " + side + " among " + rounds.keySet());
    }
    return figures.stream().mapToDouble(round -> value(round, figure)).toArray();
  }

  private static double value(Map<String, Double> round, String figure) {
    Double value = round.get(figure);
    if (value == null) {
      throw new IllegalArgumentException("no figure " + figure + " among " + round.keySet());
    }
    return value;
  }

  private static Spread spread(double[] values) {
    ListStatistics statistics = new ListStatistics(values);
    return new Spread(
        statistics.getPercentile(25), statistics.getPercentile(50), statistics.getPercentile(75));
  }
}
