package dev.tidemark.devstack.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.devstack.stack.StackEnv;
import dev.tidemark.devstack.stack.StackException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ApiAddressTest {
  private static final Map<String, String> ENVIRONMENT =
      Map.of("API_URL", "http://api.example:8080", "API_TOKEN", "t");

  @TempDir Path dir;

  @Test
  void theEnvironmentNamesApiAndToken() {
    ApiAddress address = ApiAddress.find(null, ENVIRONMENT);
    assertThat(address.url()).isEqualTo(URI.create("http://api.example:8080"));
    assertThat(address.token()).contains("t");
  }

  @Test
  void aNamedFolderComesBeforeTheEnvironment() {
    new StackEnv(Map.of("API_URL", "http://127.0.0.1:9080")).write(dir.resolve(StackEnv.FILE_NAME));
    assertThat(ApiAddress.find(dir, ENVIRONMENT).url())
        .isEqualTo(URI.create("http://127.0.0.1:9080"));
  }

  @Test
  void withoutARunningStackTheMessageSaysWhatToDo() {
    assertThatThrownBy(() -> ApiAddress.find(dir, Map.of()))
        .isInstanceOf(StackException.class)
        .hasMessageContaining("bin/tidemark up");
  }

  @Test
  void whatIsNoHttpAddressIsRefusedByName() {
    assertThatThrownBy(() -> ApiAddress.find(null, Map.of("API_URL", "localhost:8080")))
        .isInstanceOf(StackException.class)
        .hasMessageContaining("API_URL is not an address");
  }

  @Test
  void ofSeveralTokensTheFirstIsTaken() throws IOException {
    assertThat(ApiAddress.token(Map.of("API_TOKEN", "one,two"))).contains("one");
    assertThat(ApiAddress.token(Map.of("API_TOKEN", " , two"))).contains("two");
    Path file = Files.writeString(dir.resolve("tokens"), "# ours\n\none\ntwo\n");
    assertThat(ApiAddress.token(Map.of("API_TOKEN_FILE", file.toString()))).contains("one");
    assertThat(ApiAddress.token(Map.of("API_TOKEN", ""))).isEmpty();
  }

  @Test
  void noTokenIsPrinted() throws IOException {
    Path file = Files.writeString(dir.resolve("tokens"), "sec ret\n");
    for (Map<String, String> wrong :
        List.of(Map.of("API_TOKEN", "sec ret"), Map.of("API_TOKEN_FILE", file.toString()))) {
      assertThatThrownBy(() -> ApiAddress.token(wrong))
          .isInstanceOf(StackException.class)
          .hasMessageStartingWith(wrong.keySet().iterator().next() + " must hold tokens")
          .hasMessageNotContaining("sec");
    }
    assertThat(ApiAddress.find(null, ENVIRONMENT).toString()).isEqualTo("http://api.example:8080");
  }

  @Test
  void aFileOfTokensWithoutOneIsRefused() throws IOException {
    Path file = Files.writeString(dir.resolve("tokens"), "# none yet\n");
    assertThatThrownBy(() -> ApiAddress.token(Map.of("API_TOKEN_FILE", file.toString())))
        .isInstanceOf(StackException.class)
        .hasMessageContaining("without a token");
  }
}
