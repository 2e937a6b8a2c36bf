package dev.tidemark.embedded;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;

/// Copy of a server's data folder, from which another server can start. While the server runs, the
/// copy is for a standby, and uses the low-level backup interface ("Making a Base Backup Using the
/// Low Level API" in PostgreSQL's manual), because the embedded programs have no `pg_basebackup`.
final class BaseBackup {
  /// Folders that are empty in the copy. Their content belongs to the running server, or is
  /// streamed to the standby.
  private static final Set<Path> EMPTY_IN_THE_COPY =
      Set.of(
          Path.of("pg_wal"),
          Path.of("pg_replslot"),
          Path.of("pg_dynshmem"),
          Path.of("pg_notify"),
          Path.of("pg_serial"),
          Path.of("pg_snapshots"),
          Path.of("pg_stat_tmp"),
          Path.of("pg_subtrans"));

  private static final Set<Path> NOT_IN_THE_COPY =
      Set.of(Path.of("postmaster.pid"), Path.of("postmaster.opts"));

  private BaseBackup() {}

  /// @param primary a session of a superuser, which stays open for the whole copy
  /// @param copy does not exist yet
  static void make(Connection primary, Path data, Path copy) throws SQLException, IOException {
    try (Statement statement = primary.createStatement()) {
      statement.execute("SELECT pg_backup_start('standby', fast => true)");
      copy(data, copy, EMPTY_IN_THE_COPY);
      try (ResultSet stopped =
          statement.executeQuery(
              "SELECT labelfile FROM pg_backup_stop(wait_for_archive => false)")) {
        stopped.next();
        Files.writeString(copy.resolve("backup_label"), stopped.getString("labelfile"));
      }
    }
  }

  /// Copies the data folder of a server that was stopped in order.
  ///
  /// @param copy does not exist yet
  static void copyStopped(Path data, Path copy) throws IOException {
    copy(data, copy, Set.of());
  }

  private static void copy(Path data, Path copy, Set<Path> emptyInTheCopy) throws IOException {
    Files.walkFileTree(
        data,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
              throws IOException {
            Path name = data.relativize(folder);
            // PostgreSQL refuses a data folder that others may read.
            Files.createDirectory(
                copy.resolve(name),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            return emptyInTheCopy.contains(name)
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Path name = data.relativize(file);
            if (!NOT_IN_THE_COPY.contains(name)) {
              try {
                Files.copy(file, copy.resolve(name), StandardCopyOption.COPY_ATTRIBUTES);
              } catch (NoSuchFileException removedMeanwhile) {
                // The log that the standby replays removes the file there, too.
              }
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException failure)
              throws IOException {
            if (failure instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw failure;
          }
        });
  }
}
