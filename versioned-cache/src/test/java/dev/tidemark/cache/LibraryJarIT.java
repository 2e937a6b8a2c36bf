package dev.tidemark.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;

/// Test of the jar as other projects use it.
class LibraryJarIT {

  @Test
  void theManifestNamesNoOtherJars() throws Exception {
    Path jar =
        Path.of(VersionedCache.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    assumeTrue(jar.toString().endsWith(".jar"), () -> "not run from the jar, but from " + jar);
    try (JarFile library = new JarFile(jar.toFile())) {
      Attributes manifest = library.getManifest().getMainAttributes();
      assertThat(manifest.getValue(Attributes.Name.CLASS_PATH)).isNull();
      assertThat(manifest.getValue(Attributes.Name.MAIN_CLASS)).isNull();
    }
  }
}
