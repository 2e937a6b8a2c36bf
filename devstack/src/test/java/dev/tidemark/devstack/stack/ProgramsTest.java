package dev.tidemark.devstack.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramsTest {
  @TempDir Path home;
  private Path jar;
  private Path cache;

  @BeforeEach
  void build() throws IOException {
    var app = Files.createDirectories(home.resolve("db/target/app"));
    jar = Files.createFile(app.resolve("db.jar"));
    cache = app.resolve("db.jar.aot");
    Files.setLastModifiedTime(jar, FileTime.fromMillis(2_000_000));
  }

  @Test
  void withoutACacheNoneIsAskedFor() {
    assertThat(new Programs(home).command("db", List.of())).noneMatch(o -> o.contains("AOT"));
  }

  @Test
  void freshCacheIsUsedAndOneOfAnOlderBuildIsNot() throws IOException {
    Files.createFile(cache);
    Files.setLastModifiedTime(cache, FileTime.fromMillis(3_000_000));
    assertThat(new Programs(home).command("db", List.of())).contains("-XX:AOTCache=" + cache);

    Files.setLastModifiedTime(cache, FileTime.fromMillis(1_000_000));
    assertThat(new Programs(home).command("db", List.of())).noneMatch(o -> o.contains("AOT"));
  }

  @Test
  void trainingRecordsOne() {
    assertThat(new Programs(home, true).command("db", List.of()))
        .contains("-XX:AOTCacheOutput=" + cache);
  }

  @Test
  void programThatIsNotBuiltIsToldWithWhatToDo() {
    assertThatThrownBy(() -> new Programs(home).command("relay", List.of()))
        .isInstanceOf(StackException.class)
        .hasMessageContaining("bin/tidemark");
  }
}
