package dev.tidemark.devstack.screen;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ScreenTest {
  private static final String ERASE = "\r\u001b[K";

  /// Without the automatic wrap of the terminal, which is switched on again.
  private static final String CUT = "\u001b[?7l%s\u001b[?7h";

  private final ByteArrayOutputStream written = new ByteArrayOutputStream();

  @Test
  void onATerminalALineComesAboveTheLiveLine() {
    Screen screen = screen(true);
    screen.live("1 s");
    screen.line("redis died");
    assertThat(text())
        .isEqualTo(CUT.formatted("1 s") + ERASE + "redis died\n" + CUT.formatted("1 s"));
  }

  @Test
  void theLiveLineIsDrawnOverAndCutWhereTheTerminalEnds() {
    Screen screen = screen(true);
    screen.live("1 s");
    screen.live("2 s");
    screen.endLive();
    assertThat(text()).isEqualTo(CUT.formatted("1 s") + ERASE + CUT.formatted("2 s") + ERASE);
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
    return new Screen(new PrintStream(written, true, StandardCharsets.UTF_8), terminal);
  }

  private String text() {
    return written.toString(StandardCharsets.UTF_8);
  }
}
