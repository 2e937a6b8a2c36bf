package dev.tidemark.invalidator;

import dev.tidemark.operator.audit.Audit;
import dev.tidemark.operator.deadletters.DeadLetterCommand;
import dev.tidemark.operator.rebuild.Rebuild;
import dev.tidemark.operator.replay.Replay;
import dev.tidemark.operator.run.CommandErrors;
import dev.tidemark.operator.status.Status;
import java.time.Clock;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// The invalidator as a program: without a command it runs the live path.
@Command(
    name = "invalidator",
    mixinStandardHelpOptions = true,
    description = "Keeps a Redis cache true to the events of Kafka. Without a command: invalidate.",
    footerHeading = "%nSettings, from the environment:%n",
    footer = {
      "  KAFKA_BOOTSTRAP_SERVERS                host:port[,host:port]",
      "  KAFKA_PRODUCT_TOPIC                    topics to follow, comma between (product.events)",
      "  KAFKA_GROUP_ID                         consumer group (tidemark-invalidator)",
      "  KAFKA_CLIENT_<NAME>                    any Kafka client setting,"
          + " KAFKA_CLIENT_SECURITY_PROTOCOL for example",
      "  REDIS_URL                              redis:// or rediss://, one or several hosts",
      "                                         [?sslrootcert=FILE&sslcert=FILE&sslkey=FILE]; or",
      "                                         REDIS_URL_FILE, a file that holds it",
      "  TIDEMARK_INVALIDATOR_REDIS_TIMEOUT_MS  for a connection, and for the answers to a batch"
          + " (1000)",
      "  TIDEMARK_INVALIDATOR_REWIND_SECONDS    so much is applied again when Redis may have lost"
          + " it (60):",
      "                                         longer than its replicas are ever behind",
      "  TIDEMARK_INVALIDATOR_AUDIT             off, sampled (default) or full: check the cache"
          + " some time after",
      "                                         each event, and evict what is stale",
      "  TIDEMARK_INVALIDATOR_AUDIT_SAMPLE      share of the events that is audited when sampled"
          + " (0.01)",
      "  DATABASE_URL                           where the audit asks what was committed; optional,"
          + " as",
      "                                         tidemark_audit; DATABASE_USER, DATABASE_PASSWORD"
          + " override its",
      "                                         own; DATABASE_PASSWORD_FILE names a file",
      "  TIDEMARK_INVALIDATOR_ADMIN_HOST        where health and metrics are served (127.0.0.1)",
      "  TIDEMARK_INVALIDATOR_ADMIN_PORT        and on which port (8083; 0: any)",
      "  OTEL_<NAME>                            as OpenTelemetry defines them"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:stopped by a signal", "1:failed", "2:wrong option or setting"})
public final class Main implements Callable<Integer> {

  private static final int HELP_WIDTH = 110;

  @Option(
      names = "--check-settings",
      description = "Only say what is wrong with the settings, and end: 0 when nothing is, else 2.")
  private boolean checkSettings;

  private final Invalidate invalidate;

  private Main(Invalidate invalidate) {
    this.invalidate = invalidate;
  }

  public static void main(String[] arguments) {
    // Header names and numbers look the same everywhere.
    Locale.setDefault(Locale.ROOT);
    if (arguments.length > 0
        && !arguments[0].startsWith("-")
        && !arguments[0].equals("invalidate")) {
      // Of a command that ends by itself the result alone goes to standard output.
      System.setProperty("logback.configurationFile", "commands-logback.xml");
    }
    System.exit(commandLine(System.getenv()).execute(arguments));
  }

  /// All commands.
  ///
  /// @param environment holds the settings
  public static CommandLine commandLine(Map<String, String> environment) {
    Invalidate invalidate = new Invalidate(environment);
    Clock clock = Clock.systemUTC();
    CommandLine all =
        new CommandLine(new Main(invalidate))
            .addSubcommand(invalidate)
            .addSubcommand(new Replay(environment, clock))
            .addSubcommand(new Rebuild(environment, clock))
            .addSubcommand(new Audit(environment, clock))
            .addSubcommand(DeadLetterCommand.commandLine(environment, clock))
            .addSubcommand(new Status(environment, clock))
            .setCommandName(System.getProperty("tidemark.command", "invalidator"))
            .setUsageHelpWidth(HELP_WIDTH);
    return CommandErrors.tellsErrors(all);
  }

  @Override
  public Integer call() {
    return checkSettings ? invalidate.checkSettings() : invalidate.call();
  }
}
