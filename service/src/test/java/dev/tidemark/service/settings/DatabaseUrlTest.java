package dev.tidemark.service.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.ds.PGSimpleDataSource;

final class DatabaseUrlTest {

  @Test
  void everyPartIsRead() {
    DatabaseUrl url =
        DatabaseUrl.parse(
            "postgresql://al%40ice:s%2Fe+c@db.example:6432/shop%20one?sslmode=require");
    assertThat(url)
        .isEqualTo(
            new DatabaseUrl(
                "db.example",
                6432,
                "shop one",
                "al@ice",
                Optional.of("s/e+c"),
                Map.of("sslmode", "require")));
  }

  @Test
  void portAndDatabaseHaveTheDefaultsOfLibpq() {
    DatabaseUrl url = DatabaseUrl.parse("postgres://alice@[::1]");
    assertThat(url)
        .isEqualTo(new DatabaseUrl("::1", 5432, "alice", "alice", Optional.empty(), Map.of()));
    assertThat(url).hasToString("postgresql://alice@[::1]:5432/alice");
  }

  @Test
  void userAndPasswordOfTheEnvironmentOverrideTheAddress(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("password"), "from file\n");
    DatabaseUrl url =
        DatabaseUrl.from(
            Map.of(
                "DATABASE_URL", "postgresql://alice:one@localhost/shop",
                "DATABASE_USER", "tidemark_api",
                "DATABASE_PASSWORD_FILE", file.toString()));
    assertThat(url.user()).isEqualTo("tidemark_api");
    assertThat(url.password()).contains("from file");
  }

  @Test
  void libpqParametersReachTheDriverUnderItsNames() {
    PGSimpleDataSource source =
        DatabaseUrl.parse(
                "postgresql://a@localhost/b?connect_timeout=7&application_name=mine&sslmode=disable")
            .dataSource("tidemark");
    assertThat(source.getConnectTimeout()).isEqualTo(7);
    assertThat(source.getApplicationName()).isEqualTo("mine");
    assertThat(source.getSslmode()).isEqualTo("disable");
  }

  @ParameterizedTest
  @CsvSource({
    "target_session_attrs=any,             targetServerType, any",
    "target_session_attrs=read-write,      targetServerType, primary",
    "target_session_attrs=primary,         targetServerType, primary",
    "target_session_attrs=read-only,       targetServerType, secondary",
    "target_session_attrs=standby,         targetServerType, secondary",
    "target_session_attrs=prefer-standby,  targetServerType, preferSecondary",
    "targetServerType=preferPrimary,       targetServerType, preferPrimary",
    "keepalives=1,                         tcpKeepAlive,     true",
    "keepalives=0,                         tcpKeepAlive,     false",
  })
  void libpqValuesReachTheDriverAsItsOwn(String parameter, String name, String value)
      throws SQLException {
    PGSimpleDataSource source =
        DatabaseUrl.parse("postgresql://a@localhost/b?" + parameter).dataSource("tidemark");
    assertThat(source.getProperty(name)).isEqualTo(value);
  }

  @ParameterizedTest
  @CsvSource({
    "target_session_attrs=writable, 'any, prefer-standby, primary, read-only, read-write, standby'",
    "target_session_attrs=,         'any, prefer-standby, primary, read-only, read-write, standby'",
    "keepalives=yes,                '0, 1'",
  })
  void anUnknownValueIsToldWithThoseThereAre(String parameter, String values) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DatabaseUrl.parse("postgresql://a:secret@localhost/b?" + parameter))
        .withMessageContaining("DATABASE_URL")
        .withMessageContaining(parameter.strip())
        .withMessageContaining(values)
        .withMessageNotContaining("secret");
  }

  @Test
  void thePasswordIsNotShown() {
    assertThat(DatabaseUrl.parse("postgresql://alice:secret@localhost/shop").toString())
        .doesNotContain("secret");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          mysql://u:secret@h/d           | does not begin with postgresql://
          postgresql://u:secret@/d       | host
          postgresql://u:secret@h:0/d    | port 0
          postgresql://u:secret@h:70000/d| port 70000
          postgresql://h/d               | no user
          postgresql://u:sec ret@h/d     | character
          postgresql://u:secret@h,i/d    | one host
          postgresql://u:secret@h/d?x=1  | unknown parameter "x"
          postgresql://u:secret@h/d?ssl  | "ssl" without a value
          """)
  void aFaultNamesTheVariableAndTheRuleButNotThePassword(String url, String rule) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DatabaseUrl.parse(url))
        .withMessageContaining("DATABASE_URL")
        .withMessageContaining(rule)
        .withMessageNotContaining("secret")
        .withMessageNotContaining("sec ret");
  }

  @Test
  void aMissingAddressIsTold() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DatabaseUrl.from(Map.of()))
        .withMessage(
            "DATABASE_URL is not set; its form is"
                + " postgresql://user[:password]@host[:port]/database[?parameters]");
  }
}
