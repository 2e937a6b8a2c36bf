package dev.tidemark.devstack.stack;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// The folder with everything that one stack leaves on disk. One process at a time holds it, by a
/// lock that ends with the process.
final class DataFolder implements AutoCloseable {
  private final Path path;
  private final FileChannel lockFile;

  private DataFolder(Path path, FileChannel lockFile) {
    this.path = path;
    this.lockFile = lockFile;
  }

  /// Creates the folder if it is missing, and locks it.
  static DataFolder open(Path path) {
    Path folder = path.toAbsolutePath().normalize();
    try {
      Files.createDirectories(folder.resolve("logs"));
      FileChannel lockFile =
          FileChannel.open(
              folder.resolve("lock"),
              StandardOpenOption.CREATE,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      if (!locked(lockFile)) {
        String holder = text(lockFile);
        lockFile.close();
        throw new StackException(
            "the data folder %s is in use by another `tidemark up` or `demo`, pid %s: stop that one, or choose another folder with --data"
                .formatted(folder, holder));
      }
      lockFile.truncate(0);
      lockFile.write(
          ByteBuffer.wrap(
              Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
      return new DataFolder(folder, lockFile);
    } catch (IOException e) {
      throw new StackException("cannot use the data folder " + folder + ": " + e, e);
    }
  }

  Path path() {
    return path;
  }

  Path stackEnv() {
    return path.resolve(StackEnv.FILE_NAME);
  }

  Path log(String name) {
    return path.resolve("logs").resolve(name + ".log");
  }

  Path data(String name) {
    return path.resolve(name);
  }

  @Override
  public void close() {
    try {
      lockFile.truncate(0);
      lockFile.close();
    } catch (IOException e) {
      // The lock ends with this process in any case.
    }
  }

  private static boolean locked(FileChannel lockFile) throws IOException {
    try {
      return lockFile.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      // This very process holds the lock.
      return false;
    }
  }

  private static String text(FileChannel file) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(32);
    file.read(content, 0);
    return StandardCharsets.US_ASCII.decode(content.flip()).toString().strip();
  }
}
