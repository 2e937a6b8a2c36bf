package dev.tidemark.devstack;

import java.io.Console;
import java.io.PrintStream;

/// What the user sees: lines that stay, and on a terminal one last line that is drawn over.
/// Thread-safe.
final class Screen {
  private static final String ERASE_LINE = "\r\u001b[K";

  private final PrintStream out;
  private final boolean terminal;
  private String live = "";

  Screen(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  @SuppressWarnings(
      "SystemConsoleNull") // Whether it can be absent depends on the JDK's console module.
  static Screen ofThisProcess() {
    Console console = System.console();
    return new Screen(System.out, console != null && console.isTerminal());
  }

  boolean isTerminal() {
    return terminal;
  }

  synchronized void line(String text) {
    erase();
    out.println(text);
    out.print(live);
    out.flush();
  }

  /// Draws the live line over; without a terminal, a usual line.
  synchronized void live(String text) {
    if (terminal) {
      erase();
      live = text;
      out.print(text);
    } else {
      out.println(text);
    }
    out.flush();
  }

  synchronized void endLive() {
    erase();
    live = "";
    out.flush();
  }

  private void erase() {
    if (!live.isEmpty()) {
      out.print(ERASE_LINE);
    }
  }
}
