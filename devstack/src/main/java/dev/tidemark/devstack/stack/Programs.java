package dev.tidemark.devstack.stack;

import dev.tidemark.embedded.Jvm;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The built programs of this project, and the commands that start a JVM for one.
///
/// A JVM that finds its program's AOT cache beside the jar starts in half the time. The cache is
/// recorded by a run of the program itself, when that ends; it is left alone once the jar is newer.
///
/// @param home the project's folder
/// @param training whether the programs record their caches
record Programs(Path home, boolean training) {
  Programs(Path home) {
    this(home, false);
  }

  /// Returns the programs of the project in which this class lies.
  static Programs ofThisBuild() {
    try {
      Path here =
          Path.of(Programs.class.getProtectionDomain().getCodeSource().getLocation().toURI())
              .toRealPath();
      for (Path folder = here; folder != null; folder = folder.getParent()) {
        if (Files.exists(folder.resolve("bin/tidemark"))) {
          return new Programs(folder);
        }
      }
      throw new StackException(
          "no project with bin/tidemark is above "
              + here
              + ": start the program from a built tree");
    } catch (URISyntaxException | IOException e) {
      throw new StackException("cannot find the project's folder: " + e, e);
    }
  }

  /// Returns the command that starts a module's program, in a small JVM.
  List<String> command(String module, List<String> jvmOptions) {
    Path jar = jar(module);
    if (!Files.exists(jar)) {
      throw new StackException(
          "%s is not built: run bin/tidemark, which builds what is missing, or `mvn package -DskipTests` in %s"
              .formatted(jar, home));
    }
    // Without the optimising compiler a JVM starts with half the processor time, and what runs here
    // is not measured.
    List<String> options =
        new ArrayList<>(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms32m"));
    aotCache(jar).ifPresent(options::add);
    options.addAll(jvmOptions);
    options.addAll(List.of("-jar", jar.toString()));
    return Jvm.command(options);
  }

  private Optional<String> aotCache(Path jar) {
    Path cache = jar.resolveSibling(jar.getFileName() + ".aot");
    if (training) {
      return Optional.of("-XX:AOTCacheOutput=" + cache);
    }
    boolean fresh = cache.toFile().lastModified() > jar.toFile().lastModified();
    return fresh ? Optional.of("-XX:AOTCache=" + cache) : Optional.empty();
  }

  private Path jar(String module) {
    return home.resolve(module).resolve("target/app").resolve(module + ".jar");
  }
}
