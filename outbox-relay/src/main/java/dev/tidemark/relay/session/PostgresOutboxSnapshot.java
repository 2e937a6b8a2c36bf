package dev.tidemark.relay.session;

import dev.tidemark.relay.sink.PostgresOutbox;
import dev.tidemark.relay.sink.PublishedEvents;
import dev.tidemark.relay.source.OutboxRow;
import dev.tidemark.relay.source.StreamFailed;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/// Snapshot of the outbox, with the ids that the topics hold, to find the rows that are missing
/// there. PostgreSQL makes the comparison, in a temporary table, so it takes disk space and no
/// memory.
///
/// Over one connection. Confined to one thread.
final class PostgresOutboxSnapshot implements AutoCloseable {
  private static final int FETCH_SIZE = 500;

  /// Number of rows after which a piece ends. A number of characters ends it, too.
  private static final int PIECE_ROWS = 1_000;

  private static final long PIECE_CHARACTERS = 4L << 20;

  /// Query for the missing rows. A row is missing when the topics do not have its id. An exception
  /// is a row that is older than the part of the history that is kept for every key, and not newer
  /// than the newest that the topic has: compaction has removed it.
  ///
  /// From the first missing version of an aggregate on, all later versions are included, so that
  /// the topic ends with the newest. A row without a version is a dead letter and has no later
  /// versions. The order is that of the times as far as the versions allow.
  private static final String MISSING =
      """
      with newest as (
             select aggregatetype, aggregateid, max(version) as version from published group by 1, 2),
           missing as (
             select o.aggregatetype, o.aggregateid, min(o.version) as version
               from outbox o
                    left join newest using (aggregatetype, aggregateid)
              where o.version > 0
                and not exists (select from published p where p.id = o.id)
                and (newest.version is null or o.version > newest.version or o.occurred_at > :uncompacted)
              group by 1, 2)
      select %s
        from outbox o
             left join missing using (aggregatetype, aggregateid)
       where o.version >= missing.version
          or o.version <= 0 and not exists (select from published p where p.id = o.id)
       order by max(o.occurred_at) over (partition by o.aggregatetype, o.aggregateid
                                             order by o.version, o.occurred_at), o.version
      """
          .formatted(PostgresOutbox.COLUMNS);

  private final Handle database;

  private PostgresOutboxSnapshot(Handle database) {
    this.database = database;
  }

  /// @param snapshot exported by a connection that still holds it
  static PostgresOutboxSnapshot of(DataSource source, String snapshot) {
    var database = Jdbi.create(source).open();
    try {
      database.begin();
      database.execute("set transaction isolation level repeatable read");
      database.execute("set transaction snapshot '%s'".formatted(snapshot));
      database.execute(
          """
          create temporary table published (id uuid, aggregatetype text, aggregateid text, version bigint)
            on commit drop
          """);
      return new PostgresOutboxSnapshot(database);
    } catch (RuntimeException e) {
      new PostgresOutboxSnapshot(database).close();
      throw e;
    }
  }

  VisibleTransactions visible() {
    return VisibleTransactions.parse(
        database.createQuery("select pg_current_snapshot()::text").mapTo(String.class).one());
  }

  List<String> aggregateTypes() {
    return database
        .createQuery("select distinct aggregatetype from outbox order by 1")
        .mapTo(String.class)
        .list();
  }

  /// Returns the time when the oldest row was written.
  Optional<Instant> oldest() {
    return database
        .createQuery("select min(occurred_at) from outbox")
        .mapTo(OffsetDateTime.class)
        .findOne()
        .map(OffsetDateTime::toInstant);
  }

  /// Notes the events that the topics hold.
  void published(List<PublishedEvents.Published> events) {
    database
        .createUpdate(
            """
            insert into published
            select * from unnest(cast(:ids as uuid[]), :types, :aggregates, :versions)
            """)
        .bindArray("ids", String.class, events.stream().map(e -> e.id().toString()).toList())
        .bindArray("types", String.class, events.stream().map(e -> e.aggregateType()).toList())
        .bindArray("aggregates", String.class, events.stream().map(e -> e.aggregateId()).toList())
        .bindArray("versions", Long.class, events.stream().map(e -> e.version()).toList())
        .execute();
  }

  /// Passes on the rows that the topics lack, piece by piece.
  ///
  /// @param uncompacted what was published after this is in the topics for certain
  void missing(Instant uncompacted, Consumer<List<OutboxRow>> receiver) {
    database.execute("analyze published");
    try (var rows =
        database
            .createQuery(MISSING)
            .bind("uncompacted", uncompacted.atOffset(ZoneOffset.UTC))
            .setFetchSize(FETCH_SIZE)
            .map((row, context) -> PostgresOutbox.row(row))
            .iterator()) {
      while (rows.hasNext()) {
        var piece = new ArrayList<OutboxRow>();
        long characters = 0;
        while (rows.hasNext() && piece.size() < PIECE_ROWS && characters < PIECE_CHARACTERS) {
          var row = rows.next();
          piece.add(row);
          characters += row.payload().length();
        }
        receiver.accept(piece);
      }
    }
  }

  /// Ends the current statement, which then throws. Thread-safe; not to be called after [#close].
  void abort() {
    try {
      database.getConnection().abort(Runnable::run);
    } catch (SQLException e) {
      throw new StreamFailed("the connection that reads the outbox could not be ended", e);
    }
  }

  @Override
  public void close() {
    try (database) {
      database.rollback();
    }
  }
}
