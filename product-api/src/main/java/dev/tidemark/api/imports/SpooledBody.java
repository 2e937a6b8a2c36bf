package dev.tidemark.api.imports;

import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.Deflater;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A body that was received completely, compressed in a file without a name, which is gone with
/// this object or with the process. Confined to one thread.
final class SpooledBody implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SpooledBody.class);

  private static final int BUFFER_SIZE = 64 * 1024;

  private final FileChannel file;

  private SpooledBody(FileChannel file) {
    this.file = file;
  }

  /// Reads a body to its end.
  ///
  /// @throws IOException when the body is not whole
  static SpooledBody of(InputStream body) throws IOException {
    SpooledBody spooled = new SpooledBody(namelessFile());
    try {
      spooled.fill(body);
      return spooled;
    } catch (IOException | RuntimeException e) {
      spooled.close();
      throw e;
    }
  }

  private static FileChannel namelessFile() {
    try {
      Path path = Files.createTempFile("tidemark-import-", ".gz");
      FileChannel file = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
      Files.delete(path);
      return file;
    } catch (IOException e) {
      throw noRoom(e);
    }
  }

  private void fill(InputStream body) throws IOException {
    try (Compressed out = new Compressed(file)) {
      byte[] buffer = new byte[BUFFER_SIZE];
      for (int length = body.read(buffer); length >= 0; length = body.read(buffer)) {
        out.add(buffer, length);
      }
    }
  }

  /// Writes to the file. Its faults are not the body's.
  private static final class Compressed extends GZIPOutputStream {

    Compressed(FileChannel file) throws IOException {
      super(new BufferedOutputStream(Channels.newOutputStream(file), BUFFER_SIZE), BUFFER_SIZE);
      def.setLevel(Deflater.BEST_SPEED);
    }

    void add(byte[] bytes, int length) {
      try {
        write(bytes, 0, length);
      } catch (IOException e) {
        throw noRoom(e);
      }
    }

    /// Leaves the file open, to be read.
    @Override
    public void close() {
      try {
        finish();
        flush();
      } catch (IOException e) {
        throw noRoom(e);
      } finally {
        def.end();
      }
    }
  }

  private static ProblemException noRoom(IOException fault) {
    log.atError()
        .addKeyValue("folder", System.getProperty("java.io.tmpdir"))
        .setCause(fault)
        .log("replacing import failed: no space in the temporary folder (java.io.tmpdir)");
    return new ProblemException(Problem.internal());
  }

  /// Returns the body from its beginning. One is read at a time.
  InputStream open() throws IOException {
    file.position(0);
    return new GZIPInputStream(Channels.newInputStream(file), BUFFER_SIZE);
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      log.atDebug().setCause(e).log("closing a temporary file failed");
    }
  }
}
