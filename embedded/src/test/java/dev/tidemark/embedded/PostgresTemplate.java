package dev.tidemark.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// Data folder that is prepared once, for servers that each start on a copy of it. A copy takes a
/// fraction of the time that a new database and its migration take. All copies have the system
/// identifier of the first, as a base backup has.
///
/// The folder is made when the first server is started, and deleted when this JVM ends.
/// Thread-safe.
public final class PostgresTemplate {

  /// Step that brings a new database to the state that all copies begin with.
  @FunctionalInterface
  public interface Preparation {
    void prepare(PostgresServer server) throws Exception;
  }

  private final Preparation preparation;
  private @Nullable Path data;

  public PostgresTemplate(Preparation preparation) {
    this.preparation = preparation;
  }

  /// Starts a server on a copy of its own, and returns when it answers.
  ///
  /// @param dir has no data yet
  public PostgresServer start(Path dir) {
    try {
      Files.createDirectories(dir);
      BaseBackup.copyStopped(prepared(), dir.resolve("data"));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot copy PostgreSQL's data folder to " + dir, e);
    }
    return PostgresServer.start(dir, 0);
  }

  private synchronized Path prepared() throws IOException {
    Path made = data;
    if (made == null) {
      Path folder = Files.createTempDirectory("postgres-template-");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
      try (PostgresServer server = PostgresServer.start(folder, 0)) {
        preparation.prepare(server);
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new ServerStartException("cannot prepare PostgreSQL's data folder " + folder, e);
      }
      made = folder.resolve("data");
      data = made;
    }
    return made;
  }

  private static void delete(Path folder) {
    try {
      Binaries.deleteTree(folder);
    } catch (IOException | UncheckedIOException e) {
      // It lies in the folder for what may be deleted at any time.
    }
  }
}
