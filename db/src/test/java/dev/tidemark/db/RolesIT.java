package dev.tidemark.db;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Test that each role may do its work, and nothing more.
final class RolesIT {

  @RegisterExtension private static final MigratedDatabase database = new MigratedDatabase();

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          tidemark_api   | select * from product
          tidemark_api   | insert into product (id, name, price, currency) values ('api', 'A', 1, 'EUR')
          tidemark_api   | update product set name = 'B' where id = 'api'
          tidemark_api   | insert into outbox (aggregatetype, aggregateid, version, type, payload) values ('t', 'a', 1, 't.x', '{}')
          tidemark_api   | insert into idempotency_key values ('k', sha256('b'), 'api', 1, '{}')
          tidemark_api   | select * from idempotency_key
          tidemark_api   | delete from idempotency_key
          tidemark_api   | insert into replacing_import default values
          tidemark_api   | select * from replacing_import for key share
          tidemark_api   | insert into replacing_import_id select id, 'a' from replacing_import
          tidemark_api   | delete from replacing_import_id
          tidemark_api   | delete from replacing_import
          tidemark_relay | select * from outbox
          tidemark_relay | select outbox_partitions_ahead(14)
          tidemark_relay | select * from product
          tidemark_relay | select * from products_settled(array['api'])
          tidemark_relay | select pg_logical_emit_message(false, 'tidemark', 'heartbeat')
          tidemark_audit | select * from product
          """)
  void workIsAllowed(String role, String sql) throws SQLException {
    try (Connection connection = database.connectAs(role)) {
      MigratedDatabase.execute(connection, sql);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          tidemark_api   | delete from product
          tidemark_api   | update product set id = 'y' where id = 'x'
          tidemark_api   | truncate product
          tidemark_api   | select * from outbox
          tidemark_api   | update outbox set version = 1
          tidemark_api   | delete from outbox
          tidemark_api   | select outbox_partitions_ahead(14)
          tidemark_api   | alter table product disable trigger all
          tidemark_api   | update idempotency_key set answer = '{}'
          tidemark_relay | select * from idempotency_key
          tidemark_audit | select * from idempotency_key
          tidemark_relay | select * from replacing_import
          tidemark_audit | delete from replacing_import
          tidemark_relay | insert into replacing_import_id values (gen_random_uuid(), 'a')
          tidemark_api   | create table t (x int)
          tidemark_api   | set role tidemark_owner
          tidemark_relay | select * from product for share
          tidemark_relay | update product set name = 'B'
          tidemark_relay | delete from outbox
          tidemark_relay | insert into outbox (aggregatetype, aggregateid, version, type, payload) values ('t', 'a', 1, 't.x', '{}')
          tidemark_relay | drop table outbox_default
          tidemark_audit | update product set name = 'B'
          tidemark_audit | select * from products_settled(array['api'])
          tidemark_api   | select * from products_settled(array['api'])
          tidemark_audit | select * from outbox
          tidemark_audit | insert into product (id, name, price, currency) values ('audit', 'A', 1, 'EUR')
          """)
  void everythingElseIsRefused(String role, String sql) throws SQLException {
    try (Connection connection = database.connectAs(role)) {
      assertThatExceptionOfType(SQLException.class)
          .isThrownBy(() -> MigratedDatabase.execute(connection, sql))
          .satisfies(e -> assertThat(e.getSQLState()).isEqualTo("42501"));
    }
  }
}
