package dev.tidemark.event;

/// Names of the record headers: CloudEvents 1.0 in binary mode for Kafka, W3C trace context, and
/// those of dead letters.
///
/// Key and version stand outside the value, so that an event whose value cannot be read can still
/// evict.
public final class EventHeaders {
  public static final String SPEC_VERSION = "ce_specversion";
  public static final String ID = "ce_id";
  public static final String SOURCE = "ce_source";
  public static final String TYPE = "ce_type";
  public static final String SUBJECT = "ce_subject";
  public static final String TIME = "ce_time";
  public static final String AGGREGATE_VERSION = "ce_aggregateversion";
  public static final String CONTENT_TYPE = "content-type";
  public static final String TRACEPARENT = "traceparent";

  /// Header of events that repeat a state and are no change. It names the run that sent them. Such
  /// an event may come before older ones of its aggregate, so a jump of versions there is no gap.
  public static final String RESYNC = "tidemark-resync";

  public static final String DEAD_LETTER_REASON = "dlt-reason";
  public static final String DEAD_LETTER_TOPIC = "dlt-topic";
  public static final String DEAD_LETTER_PARTITION = "dlt-partition";
  public static final String DEAD_LETTER_OFFSET = "dlt-offset";

  /// Header of a letter whose value was cut, because its topic accepts no record of that size: the
  /// length of the whole value in bytes, decimal, and its SHA-256, 64 hexadecimal digits. The
  /// letter's own value is the beginning of it.
  public static final String DEAD_LETTER_VALUE_LENGTH = "dlt-value-length";

  public static final String DEAD_LETTER_VALUE_SHA256 = "dlt-value-sha256";

  /// Header of a record among the dead letters that is no letter: letters of its partition that
  /// nobody needs any more, as `FIRST-LAST`, their offsets. Readers of the letters leave out these
  /// letters, and this record.
  public static final String DEAD_LETTERS_DISCARDED = "dlt-discarded";

  private EventHeaders() {}
}
