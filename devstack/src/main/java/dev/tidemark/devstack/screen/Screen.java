package dev.tidemark.devstack.screen;

import java.io.Console;
import java.io.PrintStream;

/// Output of a command: lines that stay, and on a terminal one last line that is redrawn.
/// Thread-safe.
public final class Screen {
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
  public static Screen ofThisProcess() {
    Console console = System.console();
    return new Screen(System.out, console != null && console.isTerminal());
  }

  public boolean isTerminal() {
    return terminal;
  }

  public synchronized void line(String text) {
    erase();
    out.println(text);
    out.print(live);
    out.flush();
  }

  /// Redraws the live line; without a terminal, writes a normal line.
  public synchronized void live(String text) {
    if (terminal) {
      erase();
      // The terminal cuts the line where it ends: one that went on below could not be drawn over.
      live = "\u001b[?7l%s\u001b[?7h".formatted(text);
      out.print(live);
    } else {
      out.println(text);
    }
    out.flush();
  }

  public synchronized void endLive() {
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
