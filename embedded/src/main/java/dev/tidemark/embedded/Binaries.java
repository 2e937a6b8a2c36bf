package dev.tidemark.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/// The servers' programs, unpacked once per version from the jars that carry them into a folder
/// shared by all runs of this user: `$XDG_CACHE_HOME/tidemark` or `~/.cache/tidemark`. A program
/// appears there completely or not at all. Thread-safe.
final class Binaries {
  private static final Set<PosixFilePermission> EXECUTABLE =
      PosixFilePermissions.fromString("rwxr-xr-x");

  /// Unpacks into a folder that only this call knows.
  private interface Unpacking {
    void into(Path folder) throws IOException;
  }

  private Binaries() {}

  /// Returns the cache of this user: `$XDG_CACHE_HOME/tidemark` or `~/.cache/tidemark`.
  static Path userCache() {
    String configured = System.getenv("XDG_CACHE_HOME");
    Path home = Path.of(System.getProperty("user.home"));
    Path cache =
        configured == null || configured.isBlank() ? home.resolve(".cache") : Path.of(configured);
    try {
      return Files.createDirectories(cache.resolve("tidemark"));
    } catch (IOException e) {
      // There is no writable home, as in many containers.
      return Path.of(
          System.getProperty("java.io.tmpdir"), "tidemark-" + System.getProperty("user.name"));
    }
  }

  /// Returns the cache for programs that run as another user, who may not enter this user's home.
  static Path systemCache() {
    return Path.of("/var/cache/tidemark");
  }

  /// Returns the folder with PostgreSQL's `bin`, `lib` and `share`.
  static Path postgres(Path cache) {
    String archive = "/postgres-%s-%s.txz".formatted(system(), architecture("x86_64", "arm_64"));
    return unpacked(
        cache,
        "postgresql-" + version("postgresql"),
        folder -> {
          try (InputStream in = resource(archive);
              TarArchiveInputStream tar = new TarArchiveInputStream(new XZInputStream(in))) {
            for (TarArchiveEntry entry = tar.getNextEntry();
                entry != null;
                entry = tar.getNextEntry()) {
              extract(tar, entry, folder);
            }
          }
        });
  }

  static Path redisServer(Path cache) {
    String version = version("redis");
    String program =
        "/redis-server-%s-%s-%s".formatted(version, system(), architecture("amd64", "arm64"));
    Path folder =
        unpacked(
            cache,
            "redis-" + version,
            target -> {
              Path file = target.resolve("redis-server");
              try (InputStream in = resource(program)) {
                Files.copy(in, file);
              }
              Files.setPosixFilePermissions(file, EXECUTABLE);
            });
    return folder.resolve("redis-server");
  }

  private static Path unpacked(Path cache, String name, Unpacking unpacking) {
    Path target = cache.resolve(name);
    if (Files.isDirectory(target)) {
      return target;
    }
    Path partial = cache.resolve(name + ".part-" + UUID.randomUUID());
    try {
      Files.createDirectories(partial);
      unpacking.into(partial);
      try {
        Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
      } catch (FileSystemException e) {
        // Another process was faster: its folder is as good as this one.
        if (!Files.isDirectory(target)) {
          throw e;
        }
        deleteTree(partial);
      }
      return target;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot unpack " + name + " into " + cache, e);
    }
  }

  private static void extract(TarArchiveInputStream tar, TarArchiveEntry entry, Path folder)
      throws IOException {
    Path file = folder.resolve(entry.getName()).normalize();
    if (!file.startsWith(folder)) {
      throw new IOException("an archive entry points outside: " + entry.getName());
    }
    if (entry.isDirectory()) {
      Files.createDirectories(file);
    } else if (entry.isSymbolicLink()) {
      Files.createDirectories(file.getParent());
      Files.createSymbolicLink(file, Path.of(entry.getLinkName()));
    } else {
      Files.createDirectories(file.getParent());
      Files.copy(tar, file);
      Files.setPosixFilePermissions(file, permissions(entry.getMode()));
    }
  }

  /// Returns permissions that let everybody read: the user that runs the server may not be the one
  /// that unpacked it.
  private static Set<PosixFilePermission> permissions(int mode) {
    boolean executable = (mode & 0100) != 0;
    return executable ? EXECUTABLE : EnumSet.copyOf(PosixFilePermissions.fromString("rw-r--r--"));
  }

  private static InputStream resource(String name) {
    InputStream in = Binaries.class.getResourceAsStream(name);
    if (in == null) {
      throw new ServerStartException(
          "no server program for %s on %s (%s is not on the class path)"
              .formatted(System.getProperty("os.name"), System.getProperty("os.arch"), name));
    }
    return in;
  }

  private static String version(String program) {
    Properties versions = new Properties();
    try (InputStream in = Binaries.class.getResourceAsStream("versions.properties")) {
      versions.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the versions of the server programs", e);
    }
    return versions.getProperty(program);
  }

  private static String system() {
    String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    return name.startsWith("mac") ? "darwin" : name;
  }

  private static String architecture(String x86, String arm) {
    String architecture = System.getProperty("os.arch");
    return switch (architecture) {
      case "amd64", "x86_64" -> x86;
      case "aarch64" -> arm;
      default -> architecture;
    };
  }

  static void deleteTree(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }
}
