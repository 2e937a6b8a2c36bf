package dev.tidemark.relay.sink;

import static java.util.stream.Collectors.joining;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.common.TopicPartition;

/// Describes the Kafka transactions that hold up readers of committed records: their owners, their
/// beginnings, and how they end.
final class KafkaOpenTransaction {
  private static final String ENDS =
      "it ends when that producer commits or aborts it, by its time-out, or by"
          + " `kafka-transactions.sh abort`";

  private KafkaOpenTransaction() {}

  /// Returns a description of what a reader of these partitions waits for, as far as this client
  /// may know it.
  static String text(Admin admin, Collection<TopicPartition> partitions) {
    try {
      var open =
          admin.describeProducers(partitions).all().get().entrySet().stream()
              .flatMap(
                  partition ->
                      partition.getValue().activeProducers().stream()
                          .filter(producer -> producer.currentTransactionStartOffset().isPresent())
                          .map(
                              producer ->
                                  "%s from offset %d on (%s)"
                                      .formatted(
                                          partition.getKey(),
                                          producer.currentTransactionStartOffset().getAsLong(),
                                          owner(admin, producer.producerId()))))
              .sorted()
              .toList();
      if (!open.isEmpty()) {
        return "waits for the end of a transaction that another producer has open in %s; %s"
            .formatted(String.join(", ", open), ENDS);
      }
    } catch (ExecutionException mayNotKnow) {
      // The text below is right all the same.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return "waits for committed records of %s: a transaction of another producer may be open there; %s"
        .formatted(
            partitions.stream().map(TopicPartition::toString).sorted().collect(joining(", ")),
            ENDS);
  }

  private static String owner(Admin admin, long producerId) {
    try {
      var found =
          admin
              .listTransactions(new ListTransactionsOptions().filterProducerIds(Set.of(producerId)))
              .all()
              .get()
              .stream()
              .findFirst();
      if (found.isPresent()) {
        var id = found.get().transactionalId();
        var described = describe(admin, id);
        return "transactional id %s%s".formatted(id, described.map(d -> since(d)).orElse(""));
      }
    } catch (ExecutionException mayNotKnow) {
      // The number is known.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return "producer " + producerId;
  }

  private static Optional<TransactionDescription> describe(Admin admin, String id)
      throws InterruptedException {
    try {
      return Optional.of(admin.describeTransactions(List.of(id)).description(id).get());
    } catch (ExecutionException mayNotKnow) {
      return Optional.empty();
    }
  }

  private static String since(TransactionDescription transaction) {
    var timeout = ", time-out %d s".formatted(transaction.transactionTimeoutMs() / 1_000);
    return transaction.transactionStartTimeMs().isPresent()
        ? ", since %s%s"
            .formatted(
                Instant.ofEpochMilli(transaction.transactionStartTimeMs().getAsLong()), timeout)
        : timeout;
  }
}
