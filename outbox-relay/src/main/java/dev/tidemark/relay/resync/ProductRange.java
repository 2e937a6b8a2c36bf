package dev.tidemark.relay.resync;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.statement.SqlStatement;

/// Choice of products: those that meet every given condition, or all where there is none.
///
/// @param from the least id, itself included, in byte order
/// @param to the greatest id, itself included
/// @param ids only these; empty for any
record ProductRange(
    Optional<String> from, Optional<String> to, Optional<String> prefix, List<String> ids) {

  static final ProductRange ALL =
      new ProductRange(Optional.empty(), Optional.empty(), Optional.empty(), List.of());

  ProductRange {
    ids = List.copyOf(ids);
  }

  /// Returns the same range without the products before `id`, for a run that continues one that
  /// ended there.
  ProductRange startingAt(String id) {
    return new ProductRange(Optional.of(id), to, prefix, ids);
  }

  /// Returns the condition on a table `p`, to be bound by [#bind].
  String condition() {
    var conditions = new ArrayList<>(List.of("true"));
    from.ifPresent(_ -> conditions.add("p.id collate \"C\" >= :from"));
    to.ifPresent(_ -> conditions.add("p.id collate \"C\" <= :to"));
    prefix.ifPresent(_ -> conditions.add("starts_with(p.id, :prefix)"));
    if (!ids.isEmpty()) {
      conditions.add("p.id = any(:ids)");
    }
    return String.join(" and ", conditions);
  }

  <S extends SqlStatement<S>> S bind(S statement) {
    from.ifPresent(id -> statement.bind("from", id));
    to.ifPresent(id -> statement.bind("to", id));
    prefix.ifPresent(text -> statement.bind("prefix", text));
    if (!ids.isEmpty()) {
      statement.bindArray("ids", String.class, ids);
    }
    return statement;
  }

  /// Returns the range as options of the command.
  @Override
  public String toString() {
    var options = new ArrayList<String>();
    from.ifPresent(id -> options.add("--from " + id));
    to.ifPresent(id -> options.add("--to " + id));
    prefix.ifPresent(text -> options.add("--prefix " + text));
    ids.forEach(id -> options.add("--id " + id));
    return options.isEmpty() ? "--all" : String.join(" ", options);
  }
}
