package dev.tidemark.api.imports;

import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import io.helidon.common.uri.UriQuery;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;

/// Parameters in the query of an import.
///
/// @param replace whether what is not in the file is deleted
/// @param confirmed how many deletions the client knows of; empty when it says nothing of that
record ImportRequest(boolean replace, OptionalLong confirmed) {

  private static final String REPLACE = "replace";
  private static final String CONFIRM_DELETE = "confirm-delete";

  private static final Pattern COUNT = Pattern.compile("[0-9]{1,15}");

  /// Reads the query. A malformed one ends the request with a 400.
  static ImportRequest of(UriQuery query) {
    boolean known =
        Set.of(REPLACE, CONFIRM_DELETE).containsAll(query.names())
            && query.names().stream().allMatch(name -> query.all(name).size() == 1);
    boolean replace = known && query.first(REPLACE).filter("true"::equals).isPresent();
    boolean readable =
        known
            && query
                .first(REPLACE)
                .map(text -> text.equals("true") || text.equals("false"))
                .orElse(!query.names().contains(REPLACE))
            && query
                .first(CONFIRM_DELETE)
                .map(text -> replace && COUNT.matcher(text).matches())
                .orElse(!query.names().contains(CONFIRM_DELETE));
    if (!readable) {
      throw new ProblemException(
          Problem.malformedRequest(
              "The parameters are replace (true or false) and, with replace=true, confirm-delete (a number of products)."));
    }
    return new ImportRequest(
        replace,
        query
            .first(CONFIRM_DELETE)
            .map(text -> OptionalLong.of(Long.parseLong(text)))
            .orElseGet(OptionalLong::empty));
  }
}
