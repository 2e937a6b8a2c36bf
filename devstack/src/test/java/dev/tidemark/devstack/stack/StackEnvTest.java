package dev.tidemark.devstack.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StackEnvTest {
  @TempDir Path dir;

  @Test
  void whatWasWrittenIsRead() {
    Path file = dir.resolve(StackEnv.FILE_NAME);
    StackEnv env = new StackEnv(Map.of("API_URL", "http://127.0.0.1:8080", "REDIS_PID", "17"));
    env.write(file);
    assertThat(StackEnv.read(file)).contains(env);
    assertThat(dir).isDirectoryNotContaining(other -> !other.equals(file));
  }

  @Test
  void aMissingFileMeansNoStack() {
    assertThat(StackEnv.read(dir.resolve(StackEnv.FILE_NAME))).isEmpty();
  }

  @Test
  void aValueThatAShellWouldReadAsMoreThanAValueIsRefused() {
    assertThatThrownBy(() -> new StackEnv(Map.of("API_URL", "http://x; rm -rf /")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("API_URL");
  }
}
