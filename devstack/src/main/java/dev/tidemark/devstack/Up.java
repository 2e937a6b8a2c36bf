package dev.tidemark.devstack;

import dev.tidemark.devstack.screen.Screen;
import dev.tidemark.devstack.stack.RunningStack;
import dev.tidemark.devstack.stack.StackOptions;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/// The command `up`.
@Command(
    name = "up",
    description = {
      "Starts PostgreSQL, Kafka, Redis and the services, keeps them running, and stops them in order at Ctrl-C.",
      "Data stay in the data folder; the next `up` goes on with them."
    })
final class Up implements Callable<Integer> {
  @Mixin private StackOptions options = new StackOptions();

  private final Map<String, String> environment;

  Up(Map<String, String> environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws InterruptedException {
    CountDownLatch stop = new CountDownLatch(1);
    RunningStack.use(options, environment, Screen.ofThisProcess(), stop, stack -> stop.await());
    return CommandLine.ExitCode.OK;
  }
}
