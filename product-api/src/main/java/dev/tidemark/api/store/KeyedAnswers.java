package dev.tidemark.api.store;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/// Answers to requests with an [IdempotencyKey], in PostgreSQL beside the products. Thread-safe.
/// Every method belongs to its caller's transaction.
final class KeyedAnswers {

  private static final String LOCK =
      "select pg_advisory_xact_lock(hashtextextended('tidemark idempotency ' || :key, 0))";
  private static final String FIND =
      "select fingerprint, product_id, version, answer from idempotency_key where key = :key";
  private static final String REMEMBER =
      "insert into idempotency_key (key, fingerprint, product_id, version, answer)"
          + " values (:key, :fingerprint, :id, :version, :answer)";
  private static final String FORGET = SqlFile.read("idempotency-forget.sql");

  private KeyedAnswers() {}

  /// Returns the answer stored for a key. Another transaction with the key waits until this one
  /// ends.
  static Optional<KeyedResult> find(Handle handle, IdempotencyKey key) {
    handle.createQuery(LOCK).bind("key", key.key()).mapToMap().list();
    return handle
        .createQuery(FIND)
        .bind("key", key.key())
        .<KeyedResult>map(
            (row, context) ->
                Arrays.equals(row.getBytes("fingerprint"), key.fingerprint())
                    ? new KeyedResult.Again(
                        row.getString("product_id"),
                        row.getLong("version"),
                        row.getString("answer").getBytes(StandardCharsets.UTF_8))
                    : new KeyedResult.Reused())
        .findOne();
  }

  static void remember(Handle handle, IdempotencyKey key, String id, WriteResult.Created created) {
    handle
        .createUpdate(REMEMBER)
        .bind("key", key.key())
        .bind("fingerprint", key.fingerprint())
        .bind("id", id)
        .bind("version", created.version())
        .bind("answer", new String(created.json(), StandardCharsets.UTF_8))
        .execute();
  }

  /// Deletes some of the answers that are older.
  ///
  /// @return how many; call it again until it is none
  static int forget(Handle handle, Duration age) {
    return handle.createUpdate(FORGET).bind("seconds", (double) age.toSeconds()).execute();
  }
}
