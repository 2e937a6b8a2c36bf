package dev.tidemark.relay.source;

import io.debezium.config.CommonConnectorConfig;
import io.debezium.connector.AbstractSourceInfo;
import io.debezium.connector.SourceInfoStructMaker;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaBuilder;
import org.apache.kafka.connect.data.Struct;

/// Leaves the `source` part of Debezium's events empty. Otherwise Debezium builds a dozen fields
/// for every row, one of them JSON; those that the relay needs are in the record's offset as well.
///
/// Debezium makes it, by its name. Confined to one thread.
public final class DebeziumBareSource implements SourceInfoStructMaker<AbstractSourceInfo> {
  /// Schema of the part. Debezium's own metrics look for these fields, and accept null.
  private static final Schema SCHEMA =
      SchemaBuilder.struct()
          .name("dev.tidemark.relay.BareSource")
          .field("ts_ms", Schema.OPTIONAL_INT64_SCHEMA)
          .field("txId", Schema.OPTIONAL_INT64_SCHEMA)
          .field("lsn", Schema.OPTIONAL_INT64_SCHEMA)
          .field("xmin", Schema.OPTIONAL_INT64_SCHEMA)
          .build();

  private static final Struct NOTHING = new Struct(SCHEMA);

  @Override
  public void init(String connector, String version, CommonConnectorConfig configuration) {
    // Nothing here differs from one connector to another.
  }

  @Override
  public Schema schema() {
    return SCHEMA;
  }

  @Override
  public Struct struct(AbstractSourceInfo source) {
    return NOTHING;
  }
}
