package dev.tidemark.devstack.stack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class StackPortsTest {
  private static final Pattern PROPOSAL = Pattern.compile("--port-offset (\\d+)");

  @Test
  void severalPortsInUseAreOneMessageWithAnOffsetThatWorks() throws IOException {
    int offset = freeOffset();
    try (ServerSocket api = held(8080 + offset);
        ServerSocket redis = held(16_379 + offset)) {
      assertThatThrownBy(() -> ports("--port-offset", Integer.toString(offset)).choose())
          .isInstanceOf(StackException.class)
          .hasMessageContaining(
              "%d (product-api), %d (Redis)", api.getLocalPort(), redis.getLocalPort())
          .satisfies(
              fault -> {
                assertThat(fault.getMessage()).hasLineCount(1);
                Matcher proposal = PROPOSAL.matcher(fault.getMessage());
                assertThat(proposal.find()).isTrue();
                assertThat(ports("--port-offset", proposal.group(1)).choose().api())
                    .isEqualTo(8080 + Integer.parseInt(proposal.group(1)));
              });
    }
  }

  @Test
  void onePortInUseIsToldWithItsOptionAndTheOffset() throws IOException {
    int offset = freeOffset();
    try (ServerSocket kafka = held(19_092 + offset)) {
      assertThatThrownBy(() -> ports("--port-offset", Integer.toString(offset)).choose())
          .hasMessageContaining("port %d is already in use", kafka.getLocalPort())
          .hasMessageContaining("Kafka needs it: choose another with --kafka-port")
          .hasMessageContaining("or move all with --port-offset ");
    }
  }

  @Test
  void noOffsetIsProposedForAPortThatHasItsOwnOption() throws IOException {
    try (ServerSocket other = held(0)) {
      assertThatThrownBy(
              () ->
                  ports(
                          "--port-offset",
                          Integer.toString(freeOffset()),
                          "--redis-port",
                          Integer.toString(other.getLocalPort()))
                      .choose())
          .hasMessageContaining("choose another with --redis-port")
          .hasMessageNotContaining("--port-offset");
    }
  }

  private static StackPorts ports(String... options) {
    return CommandLine.populateCommand(new StackPorts(), options);
  }

  /// Returns an offset with which all ports are free now.
  private static int freeOffset() {
    for (int offset = 10_000; offset < 40_000; offset += 137) {
      try {
        ports("--port-offset", Integer.toString(offset)).choose();
        return offset;
      } catch (StackException isTaken) {
        // Try the next one.
      }
    }
    throw new AssertionError("no offset is free");
  }

  private static ServerSocket held(int port) throws IOException {
    return new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"));
  }
}
