package dev.tidemark.devstack.demo;

import dev.tidemark.devstack.client.ProductApi;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jdbi.v3.core.Jdbi;

/// Checks that each acknowledged write is in the database, and that the API now returns the state
/// of the database.
final class WriteCheck {
  /// @param lost products whose acknowledged version is above the database's
  /// @param oldAnswers products of which the API answers something else than the database says
  record Result(long products, long lost, long oldAnswers) {
    boolean isGood() {
      return lost == 0 && oldAnswers == 0;
    }
  }

  private record State(long version, boolean deleted) {}

  private WriteCheck() {}

  static Result run(Jdbi database, ProductApi api, List<DemoProduct> products)
      throws InterruptedException {
    Map<String, State> states = states(database);
    long lost = 0;
    long oldAnswers = 0;
    for (DemoProduct product : products) {
      State state = states.getOrDefault(product.id(), new State(0, true));
      if (product.acknowledged().version() > state.version()) {
        lost++;
      }
      if (!answers(api, product.id(), state)) {
        oldAnswers++;
      }
    }
    return new Result(products.size(), lost, oldAnswers);
  }

  /// Notes the state of the database as acknowledged: the traffic starts from here.
  static void acknowledgeAll(Jdbi database, List<DemoProduct> products) {
    Map<String, State> states = states(database);
    for (DemoProduct product : products) {
      State state = states.get(product.id());
      if (state != null) {
        product.acknowledge(state.version(), state.deleted());
      }
    }
  }

  private static boolean answers(ProductApi api, String id, State state)
      throws InterruptedException {
    try {
      OptionalLong version = api.read(id, 0).version();
      return state.deleted() ? version.isEmpty() : version.equals(OptionalLong.of(state.version()));
    } catch (IOException e) {
      return false;
    }
  }

  private static Map<String, State> states(Jdbi database) {
    Map<String, State> states = new HashMap<>();
    database.useHandle(
        handle ->
            handle
                .createQuery("select id, version, deleted_at is not null as deleted from product")
                .map(
                    (row, context) ->
                        Map.entry(
                            row.getString("id"),
                            new State(row.getLong("version"), row.getBoolean("deleted"))))
                .forEach(entry -> states.put(entry.getKey(), entry.getValue())));
    return states;
  }
}
