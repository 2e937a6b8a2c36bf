package dev.tidemark.api.store;

import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/// A replacing import in progress, the only one at its database. The ids that it names are stored
/// there, where any number fits, and products that are not among them at the end are deleted.
/// Confined to one thread.
///
/// An open transaction holds the lock, and nothing else: if a service dies, the lock is released at
/// once. The transaction writes nothing, so that it blocks neither vacuum nor the relay's slot.
/// Notes are rows of ordinary tables, keyed by the import: no two statements need the same session,
/// which a pooler would not give. Every action that depends on the notes first locks the import's
/// own row. That row is gone when the lock was lost and another import has begun, and when the
/// server has lost the notes.
///
/// Every method throws [DatabaseFault] when the database is away or refuses, and [ProblemException]
/// when the import is over for one of these reasons.
public final class Replacement implements AutoCloseable {

  /// Effect that an import would have on the products that it has not named.
  ///
  /// @param products all that there are
  /// @param rest those of them that would be deleted
  public record Rest(long products, long rest) {

    public boolean isMostOfAll() {
      return rest > products - rest;
    }
  }

  private record Page(long products, String last, List<String> rest) {}

  private static final String NAME = SqlFile.read("import-name.sql");
  private static final String PAGE = SqlFile.read("import-page.sql");
  private static final String FORGET = SqlFile.read("import-forget.sql");
  private static final String DELETE_ALL = SqlFile.read("delete-all.sql");

  private static final String LOCK =
      "select pg_try_advisory_xact_lock(hashtextextended('tidemark replacing import', 0))";

  /// Setting without a time limit: a slow upload is no reason to end the transaction.
  private static final String NO_TIME_LIMIT =
      """
      select set_config(name, '0', true) from pg_settings
       where name in ('idle_in_transaction_session_timeout', 'transaction_timeout')
      """;

  private static final String NAMED =
      """
      select count(i.id)
        from replacing_import r left join replacing_import_id i on i.import = r.id
       where r.id = :import
       group by r.id
      """;

  private static final String STILL = "select began from replacing_import where id = :import";

  private static final int PAGE_SIZE = 1000;

  private final Jdbi jdbi;
  private final Handle lock;
  private final UUID id;
  private long named;

  private Replacement(Jdbi jdbi, Handle lock, UUID id) {
    this.jdbi = jdbi;
    this.lock = lock;
    this.id = id;
  }

  /// Begins; empty when another one is in progress, in this service or another.
  static Optional<Replacement> begin(Jdbi jdbi) {
    try {
      Handle lock = jdbi.open();
      try {
        lock.begin();
        if (lock.createQuery(LOCK).mapTo(Boolean.class).one()) {
          lock.createQuery(NO_TIME_LIMIT).mapTo(String.class).list();
          return Optional.of(new Replacement(jdbi, lock, register(jdbi)));
        }
        letGo(lock);
        return Optional.empty();
      } catch (RuntimeException e) {
        letGo(lock);
        throw e;
      }
    } catch (RuntimeException e) {
      throw DatabaseFault.of(e);
    }
  }

  private static UUID register(Jdbi jdbi) {
    return jdbi.inTransaction(
        handle -> {
          // Rows of imports that have died: only this one has the lock.
          handle.execute("delete from replacing_import");
          return handle
              .createQuery("insert into replacing_import default values returning id")
              .mapTo(UUID.class)
              .one();
        });
  }

  private static void letGo(Handle lock) {
    try (lock) {
      lock.rollback();
    } catch (RuntimeException e) {
      // The connection is broken, and the lock gone with it.
    }
  }

  /// Notes that these products stay.
  public void name(List<String> ids) {
    named +=
        ProductStore.retrying(
            () ->
                inTransaction(
                    handle ->
                        handle
                            .createQuery(NAME)
                            .bind("import", id)
                            .bindArray("ids", String.class, ids)
                            .mapTo(Long.class)
                            .findOne()
                            .orElseThrow(Replacement::over)));
  }

  /// Counts the products that would be deleted.
  public Rest count() {
    long noted =
        inTransaction(
            handle ->
                handle
                    .createQuery(NAMED)
                    .bind("import", id)
                    .mapTo(Long.class)
                    .findOne()
                    .orElseThrow(Replacement::over));
    if (noted != named) {
      throw over();
    }
    long products = 0;
    long rest = 0;
    for (Page page = page(""); page.products() > 0; page = page(page.last())) {
      products += page.products();
      rest += page.rest().size();
    }
    return new Rest(products, rest);
  }

  /// Deletes the products that were not named, in batches, each a transaction. Products that were
  /// written after the import began stay: that write is newer.
  ///
  /// @param deleted receives the number of each batch
  public void deleteRest(Optional<String> traceparent, LongConsumer deleted) {
    for (Page page = page(""); page.products() > 0; page = page(page.last())) {
      List<String> rest = page.rest();
      if (!rest.isEmpty()) {
        deleted.accept(
            ProductStore.retrying(
                () -> inTransaction(handle -> delete(handle, rest, traceparent))));
      }
    }
  }

  private long delete(Handle handle, List<String> ids, Optional<String> traceparent) {
    OffsetDateTime began =
        handle
            .createQuery(STILL + " for key share")
            .bind("import", id)
            .mapTo(OffsetDateTime.class)
            .findOne()
            .orElseThrow(Replacement::over);
    return handle
        .createQuery(DELETE_ALL)
        .bindArray("ids", String.class, ids)
        .bind("since", began)
        .bind("traceparent", traceparent.orElse(null))
        .mapTo(Long.class)
        .one();
  }

  private Page page(String after) {
    return inTransaction(
        handle ->
            handle
                .createQuery(PAGE)
                .bind("import", id)
                .bind("after", after)
                .bind("limit", PAGE_SIZE)
                .map(
                    (row, _) ->
                        new Page(
                            row.getLong("products"),
                            String.valueOf(row.getString("last")),
                            List.of((String[]) row.getArray("rest").getArray())))
                .findOne()
                .orElseThrow(Replacement::over));
  }

  private static ProblemException over() {
    return new ProblemException(
        Problem.databaseAway(
            "The database was restarted, or the connection to it was lost and another import with replace=true has begun."));
  }

  private <T> T inTransaction(Function<Handle, T> work) {
    try {
      return jdbi.inTransaction(work::apply);
    } catch (RuntimeException e) {
      throw DatabaseFault.of(e);
    }
  }

  /// Removes the notes, including those of imports that have died, and lets others begin.
  @Override
  public void close() {
    try {
      jdbi.useHandle(
          handle -> {
            handle.execute("delete from replacing_import where id = ?", id);
            while (handle.execute(FORGET) > 0) {
              // There are more.
            }
          });
    } catch (RuntimeException e) {
      // The next import does it.
    } finally {
      letGo(lock);
    }
  }
}
