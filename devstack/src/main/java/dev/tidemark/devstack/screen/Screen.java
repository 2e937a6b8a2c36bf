package dev.tidemark.devstack.screen;

import java.io.Console;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/// Output of a command: lines that stay, and on a terminal one last line that is redrawn.
/// Thread-safe.
public final class Screen {
  private static final String ERASE_LINE = "\r\u001b[K";
  private static final int USUAL_WIDTH = 80;

  private final PrintStream out;
  private final boolean terminal;
  private final int width;
  private String live = "";

  /// @param width columns of the terminal; a live line that is longer is cut, or it could not be
  ///   drawn over
  Screen(PrintStream out, boolean terminal, int width) {
    this.out = out;
    this.terminal = terminal;
    this.width = width;
  }

  @SuppressWarnings(
      "SystemConsoleNull") // Whether it can be absent depends on the JDK's console module.
  public static Screen ofThisProcess() {
    Console console = System.console();
    boolean terminal = console != null && console.isTerminal();
    return new Screen(System.out, terminal, terminal ? terminalWidth() : 0);
  }

  private static int terminalWidth() {
    try {
      Process stty = new ProcessBuilder("stty", "size").redirectInput(new File("/dev/tty")).start();
      String[] rowsAndColumns =
          new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
              .strip()
              .split(" ", 2);
      int columns = Integer.parseInt(rowsAndColumns[rowsAndColumns.length - 1]);
      return columns > 0 ? columns : USUAL_WIDTH;
    } catch (IOException | NumberFormatException e) {
      return USUAL_WIDTH;
    }
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
      live = text.length() < width ? text : text.substring(0, width - 1);
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
