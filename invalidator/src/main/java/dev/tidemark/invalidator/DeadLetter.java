package dev.tidemark.invalidator;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.tidemark.event.EventHeaders;
import dev.tidemark.event.Topics;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/// A record that breaks the contract, and why.
record DeadLetter(ConsumerRecord<byte[], byte[]> record, String reason) {

  String topic() {
    return Topics.deadLettersOf(record.topic());
  }

  /// The record as it was, with the dead letters' own headers added.
  ProducerRecord<byte[], byte[]> toSend() {
    Headers headers = new RecordHeaders(record.headers());
    headers.add(EventHeaders.DEAD_LETTER_REASON, reason.getBytes(UTF_8));
    headers.add(EventHeaders.DEAD_LETTER_TOPIC, record.topic().getBytes(UTF_8));
    headers.add(
        EventHeaders.DEAD_LETTER_PARTITION, Integer.toString(record.partition()).getBytes(UTF_8));
    headers.add(EventHeaders.DEAD_LETTER_OFFSET, Long.toString(record.offset()).getBytes(UTF_8));
    return new ProducerRecord<>(topic(), null, null, record.key(), record.value(), headers);
  }
}
