package dev.tidemark.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Extract of a log that is shown when a program does not start.
class LastErrorTest {
  @Test
  void postgresqlsFaultWithItsHintAndNotTheLinesBefore() {
    assertThat(
            ChildProcess.lastError(
                """
                2026-11-29 20:00:00.000 UTC [7] LOG:  starting PostgreSQL 18.6
                2026-11-29 20:00:00.001 UTC [7] FATAL:  lock file "postmaster.pid" already exists
                2026-11-29 20:00:00.001 UTC [7] HINT:  Is another postmaster running?
                """))
        .isEqualTo(
            "2026-11-29 20:00:00.001 UTC [7] FATAL:  lock file \"postmaster.pid\" already exists"
                + " 2026-11-29 20:00:00.001 UTC [7] HINT:  Is another postmaster running?");
  }

  @Test
  void settingsThatPostgresqlRefusesBeforeItsFault() {
    assertThat(
            ChildProcess.lastError(
                """
                [7] LOG:  starting
                [7] LOG:  unrecognized configuration parameter "no_such" in file "postgresql.conf" line 1
                [7] FATAL:  configuration file "postgresql.conf" contains errors
                """))
        .isEqualTo(
            "[7] LOG:  unrecognized configuration parameter \"no_such\" in file \"postgresql.conf\""
                + " line 1 [7] FATAL:  configuration file \"postgresql.conf\" contains errors");
  }

  @Test
  void faultAndCauseOfAStackTraceWithoutItsFrames() {
    assertThat(
            ChildProcess.lastError(
                """
                2026-11-29T20:00:00.000Z INFO  KafkaRaftServer starts
                2026-11-29T20:00:00.000Z ERROR KafkaRaftServer cannot start
                java.io.IOException: folder
                \tat dev.tidemark.Example.main(Example.java:1)
                Caused by: java.nio.file.AccessDeniedException: data
                \t... 12 more
                2026-11-29T20:00:00.001Z INFO  KafkaRaftServer stops
                """))
        .isEqualTo(
            "2026-11-29T20:00:00.000Z ERROR KafkaRaftServer cannot start"
                + " java.io.IOException: folder"
                + " Caused by: java.nio.file.AccessDeniedException: data");
  }

  @Test
  void redissWarningSign() {
    assertThat(
            ChildProcess.lastError(
                """
                9:M 29 Nov 2026 20:00:00.000 * Increased maximum number of open files
                9:M 29 Nov 2026 20:00:00.000 # Failed listening on port 1 (TCP), aborting.
                """))
        .endsWith("# Failed listening on port 1 (TCP), aborting.")
        .doesNotContain("Increased");
  }

  @Test
  void lastLineWhereNoneTellsOfAFault() {
    assertThat(ChildProcess.lastError("first\nlast\n\n")).isEqualTo("last");
    assertThat(ChildProcess.lastError("")).isEqualTo("it wrote nothing");
  }
}
