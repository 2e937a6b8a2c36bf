package dev.tidemark.relay;

import dev.tidemark.relay.checks.Check;
import dev.tidemark.relay.checks.DatabaseCheck;
import dev.tidemark.relay.checks.KafkaCheck;
import dev.tidemark.relay.resync.Resync;
import dev.tidemark.relay.session.Housekeeping;
import dev.tidemark.relay.session.Relay;
import dev.tidemark.relay.session.SessionParts;
import dev.tidemark.relay.settings.Configuration;
import dev.tidemark.relay.status.Finding;
import dev.tidemark.relay.status.RelayAdmin;
import dev.tidemark.relay.status.RelayMetrics;
import dev.tidemark.relay.status.RelayStatus;
import dev.tidemark.relay.status.StatusReport;
import io.helidon.webserver.WebServer;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The relay as a program.
@Command(
    name = "relay",
    mixinStandardHelpOptions = true,
    description =
        "Publishes the outbox of a PostgreSQL database to Kafka, each row exactly once. Without a"
            + " command: relay.",
    footerHeading = "%nSettings, from the environment:%n",
    footer = {
      "  DATABASE_URL                    "
          + " postgresql://user[:password]@host[:port]/database[?parameters]",
      "  DATABASE_USER, DATABASE_PASSWORD override the address's own; DATABASE_PASSWORD_FILE names"
          + " a file",
      "  KAFKA_BOOTSTRAP_SERVERS          host:port[,host:port]",
      "  KAFKA_PRODUCT_TOPIC              topic of the aggregate type product (product.events);"
          + " after it,",
      "                                   comma between, topics <type>.events of others, to have"
          + " them made ahead",
      "  KAFKA_GROUP_ID                   the invalidators' consumer group (tidemark-invalidator),"
          + " to see whether",
      "                                   they follow the topics that are published",
      "  KAFKA_CLIENT_<NAME>              any Kafka client setting, KAFKA_CLIENT_SECURITY_PROTOCOL"
          + " for example",
      "  RELAY_DELIVERY                   exactly-once (default) or at-least-once",
      "  TIDEMARK_RELAY_SLOT              replication slot (tidemark_relay)",
      "  TIDEMARK_RELAY_TOPIC_PARTITIONS  partitions of a topic that the relay creates (6)",
      "  TIDEMARK_RELAY_ADMIN_HOST        where health and metrics are served (127.0.0.1)",
      "  TIDEMARK_RELAY_ADMIN_PORT        and on which port (8082; 0: any)",
      "  TIDEMARK_RELAY_RETENTION_DAYS    how long relayed rows stay in the outbox (7; 0 or off:"
          + " for ever)",
      "  OTEL_<NAME>                      as OpenTelemetry defines them",
      "",
      "Exit codes: 0 stopped by a signal, 1 failed, 2 wrong usage or settings; with --check 0 when"
          + " no ERROR was",
      "found, else 1."
    })
public final class Main implements Callable<Integer> {
  private static final String RESYNC = "resync";
  private static final int HELP_WIDTH = 110;

  /// Not static: `main` says first where log lines go.
  private final Logger log = LoggerFactory.getLogger(Main.class);

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--check",
      description =
          "Only look at both servers, print one line for each thing that is not as it must be, and"
              + " end.")
  private boolean check;

  @Option(
      names = "--check-settings",
      description = "Only say what is wrong with the settings, and end: 0 when nothing is, else 2.")
  private boolean checkSettings;

  private final Map<String, String> environment;
  private final AtomicInteger exitCode = new AtomicInteger(CommandLine.ExitCode.OK);

  public Main(Map<String, String> environment) {
    this.environment = environment;
  }

  public static void main(String[] arguments) {
    // Header names and numbers look the same everywhere.
    Locale.setDefault(Locale.ROOT);
    if (Arrays.asList(arguments).contains(RESYNC)) {
      // The result alone goes to standard output.
      System.setProperty("logback.configurationFile", "resync-logback.xml");
    }
    System.exit(commandLine(System.getenv()).execute(arguments));
  }

  public static CommandLine commandLine(Map<String, String> environment) {
    var command = new CommandLine(new Main(environment));
    command.getCommandSpec().version("relay " + Main.class.getPackage().getImplementationVersion());
    return command
        .addSubcommand(RESYNC, new Resync(environment))
        .setCommandName(System.getProperty("tidemark.command", "relay"))
        .setUsageHelpWidth(HELP_WIDTH);
  }

  @Override
  public Integer call() {
    Configuration configuration;
    try {
      configuration = Configuration.from(environment);
    } catch (Configuration.Invalid e) {
      if (checkSettings) {
        spec.commandLine().getErr().println(e.getMessage());
      } else {
        log.error(e.getMessage());
      }
      return CommandLine.ExitCode.USAGE;
    }
    if (checkSettings) {
      return CommandLine.ExitCode.OK;
    }

    var database = configuration.dataSource();
    var clock = Clock.systemUTC();
    var status = new RelayStatus(clock);
    List<Check> checks =
        List.of(
            new DatabaseCheck(database, configuration.slot()),
            new KafkaCheck(configuration, status));
    return check ? report(checks) : relay(configuration, database, checks, status, clock);
  }

  private int report(List<Check> checks) {
    var findings = checks.stream().flatMap(c -> c.findings().stream()).toList();
    var out = spec.commandLine().getOut();
    findings.forEach(f -> out.println(f.line()));
    if (findings.isEmpty()) {
      out.println("all is as the relay needs it");
    }
    return findings.stream().anyMatch(Finding::isError)
        ? CommandLine.ExitCode.SOFTWARE
        : CommandLine.ExitCode.OK;
  }

  private int relay(
      Configuration configuration,
      DataSource database,
      List<Check> checks,
      RelayStatus status,
      Clock clock) {
    var prometheus = PrometheusMetricReader.create();
    try (var telemetry = telemetry(prometheus)) {
      var metrics = new RelayMetrics(telemetry.getMeter("dev.tidemark.relay"), status);
      var admin =
          RelayAdmin.create(
              configuration.adminHost(),
              configuration.adminPort(),
              new StatusReport(configuration.slot(), configuration.retention(), status),
              prometheus);
      var relay =
          new Relay(new SessionParts(configuration, database, clock, status), status, metrics);
      try (var housekeeping =
          new Housekeeping(
              Jdbi.create(database),
              configuration.slot(),
              configuration.retention(),
              checks,
              status)) {
        listen(admin, configuration);
        log.atInfo()
            .addKeyValue("admin", "http://%s:%d".formatted(configuration.adminHost(), admin.port()))
            .addKeyValue("database", configuration.database())
            .addKeyValue("delivery", configuration.delivery())
            .log("relay starts");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> drain(relay, admin), "drain"));
        housekeeping.start();
        relay.run();
      } catch (RuntimeException | Error e) {
        log.atError().setCause(e).log("the relay dies; a supervisor must start it again");
        exitCode.set(CommandLine.ExitCode.SOFTWARE);
      }
    }
    return exitCode.get();
  }

  /// Helidon itself only logs that it could not listen.
  private static void listen(WebServer admin, Configuration configuration) {
    admin.start();
    if (!admin.isRunning()) {
      throw new IllegalStateException(
          "cannot listen on %s:%d; is it in use by another program? TIDEMARK_RELAY_ADMIN_PORT sets another"
              .formatted(configuration.adminHost(), configuration.adminPort()));
    }
  }

  private void drain(Relay relay, WebServer admin) {
    try {
      relay.close();
      admin.stop();
      log.info("relay stopped");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // After a signal the JVM would end with the signal's number, although all went well.
    Runtime.getRuntime().halt(exitCode.get());
  }

  private static OpenTelemetrySdk telemetry(PrometheusMetricReader prometheus) {
    return AutoConfiguredOpenTelemetrySdk.builder()
        .disableShutdownHook()
        .addPropertiesSupplier(
            () ->
                Map.of(
                    "otel.service.name", "tidemark-relay",
                    "otel.traces.exporter", "none",
                    "otel.metrics.exporter", "none",
                    "otel.logs.exporter", "none"))
        .addMeterProviderCustomizer((provider, config) -> provider.registerMetricReader(prometheus))
        .build()
        .getOpenTelemetrySdk();
  }
}
