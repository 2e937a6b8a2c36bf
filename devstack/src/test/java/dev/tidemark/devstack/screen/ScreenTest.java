package dev.tidemark.devstack.screen;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ScreenTest {
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();

  @Test
  void onATerminalALineComesAboveTheLiveLine() {
    Screen screen = screen(true);
    screen.live("1 s");
    screen.line("redis died");
    assertThat(text()).isEqualTo("1 s\r\u001b[Kredis died\n1 s");
  }

  @Test
  void theLiveLineIsDrawnOverAndCutWhereTheTerminalEnds() {
    Screen screen = screen(true);
    screen.live("12345678");
    screen.live("1234567890");
    screen.endLive();
    assertThat(text()).isEqualTo("12345678\r\u001b[K123456789\r\u001b[K");
  }

  @Test
  void elsewhereItIsALineLikeAllOthers() {
    Screen screen = screen(false);
    screen.live("a rather long line");
    screen.line("redis died");
    screen.endLive();
    assertThat(text()).isEqualTo("a rather long line\nredis died\n");
  }

  private Screen screen(boolean terminal) {
    return new Screen(new PrintStream(written, true, StandardCharsets.UTF_8), terminal, 10);
  }

  private String text() {
    return written.toString(StandardCharsets.UTF_8);
  }
}
