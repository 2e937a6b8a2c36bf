package dev.tidemark.api.store;

import dev.tidemark.api.product.Product;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Splits a batch into rounds, so that no round has an id twice and each id keeps its order: one
/// statement cannot change a row twice.
final class Rounds {

  private Rounds() {}

  static List<List<Product>> of(List<Product> products) {
    List<List<Product>> rounds = new ArrayList<>();
    Map<String, Integer> times = new HashMap<>();
    for (Product product : products) {
      int round = times.merge(product.id(), 1, Integer::sum) - 1;
      if (round == rounds.size()) {
        rounds.add(new ArrayList<>());
      }
      rounds.get(round).add(product);
    }
    return rounds;
  }
}
