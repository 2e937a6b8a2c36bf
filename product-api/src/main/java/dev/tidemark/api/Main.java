package dev.tidemark.api;

import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The service as a program.
@Command(
    name = "product-api",
    mixinStandardHelpOptions = true,
    usageHelpWidth = 100,
    description =
        "Serves products over HTTP: writes with their outbox rows, reads through the cache.",
    footerHeading = "%nSettings, from the environment:%n",
    footer = {
      "  DATABASE_URL                      postgresql://user[:password]@host[:port]/database",
      "                                    [?parameters]",
      "  DATABASE_USER, DATABASE_PASSWORD  instead of those in it",
      "  REDIS_URL                         redis:// or rediss://, one or several hosts",
      "                                    [?sslrootcert=FILE&sslcert=FILE&sslkey=FILE]",
      "  CACHE_TTL_SECONDS                 longest life of a cached value (300)",
      "  API_TOKEN                         what writers show as \"Authorization: Bearer\", several"
          + " with",
      "                                    commas between; without it the service listens on"
          + " loopback only",
      "  API_TOKEN_FILE                    instead: a file with a token a line, read again when it"
          + " changes",
      "  TIDEMARK_API_HOST                 where requests are served (127.0.0.1)",
      "  TIDEMARK_API_PORT                 and on which port (8080; 0: any)",
      "  TIDEMARK_API_TLS_CERTIFICATE_FILE,",
      "  TIDEMARK_API_TLS_KEY_FILE         PEM files; with them requests are served by TLS only",
      "  TIDEMARK_API_ADMIN_HOST           where health and metrics are served (127.0.0.1)",
      "  TIDEMARK_API_ADMIN_PORT           and on which port (8081; 0: any)",
      "  TIDEMARK_API_DATABASE_CONNECTIONS connections to the database (10)",
      "  TIDEMARK_API_BODY_LIMIT_BYTES     longest body, and longest line of an import (1048576)",
      "  TIDEMARK_API_CONNECTIONS          open connections; more wait to be accepted (10000)",
      "  TIDEMARK_API_REQUESTS             requests at the same time; more are answered 503 (1000)",
      "  TIDEMARK_API_MEGABYTES_UNDER_WAY  of large bodies and answers at the same time; more are"
          + " answered",
      "                                    503 (a quarter of the heap)",
      "  TIDEMARK_API_READ_TIMEOUT_SECONDS for a client that is silent in or between requests (60)",
      "  TIDEMARK_API_WRITE_TIMEOUT_SECONDS for a client that does not take its answer (30)",
      "  TIDEMARK_API_DRAIN_SECONDS        to go on serving, not ready any more, when told to stop"
          + " (1)",
      "  TIDEMARK_API_CORS_ORIGINS         whose pages may use the API in a browser, as"
          + " https://shop.example,",
      "                                    several with commas between, or * (none)",
      "  TIDEMARK_API_ACCESS_LOG           true: a line in the log for each request (false)",
      "  TIDEMARK_API_REDIS_TIMEOUT_MS     for a connection to Redis, and for each answer (50)",
      "  TIDEMARK_API_NEAR_CACHE_ENTRIES   values kept inside the process, too (0: none); needs"
          + " Kafka:",
      "  KAFKA_BOOTSTRAP_SERVERS           host:port, several with a comma between",
      "  KAFKA_PRODUCT_TOPIC               where the events of products are (product.events)",
      "  KAFKA_CLIENT_<NAME>               any setting of Kafka's client"
          + " (KAFKA_CLIENT_SECURITY_PROTOCOL)",
      "  OTEL_<NAME>                       as OpenTelemetry defines them",
      "Instead of a secret, NAME_FILE may name a file that holds it."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:stopped by a signal", "1:failed", "2:wrong option or setting"})
public final class Main implements Callable<Integer> {

  private static final Logger log = LoggerFactory.getLogger(Main.class);

  @Option(
      names = "--check-settings",
      description = "Only say what is wrong with the settings, and end: 0 when nothing is, else 2.")
  private boolean checkSettings;

  @Spec private CommandSpec spec = CommandSpec.create();

  private final Map<String, String> environment;

  private Main(Map<String, String> environment) {
    this.environment = environment;
  }

  public static void main(String[] arguments) {
    // Header names and numbers look the same everywhere.
    Locale.setDefault(Locale.ROOT);
    int exitCode = new CommandLine(new Main(System.getenv())).execute(arguments);
    if (exitCode != CommandLine.ExitCode.OK) {
      System.exit(exitCode);
    }
  }

  @Override
  public Integer call() {
    Configuration configuration;
    try {
      configuration = Configuration.from(environment);
    } catch (IllegalArgumentException e) {
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
    Service service;
    try {
      service = Service.start(configuration);
    } catch (RuntimeException e) {
      log.error("product-api cannot start: {}", e.getMessage());
      return CommandLine.ExitCode.SOFTWARE;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> drain(service), "drain"));
    return CommandLine.ExitCode.OK;
  }

  private static void drain(Service service) {
    service.close();
    // Stopped as asked; the JVM by itself would tell of the signal.
    Runtime.getRuntime().halt(CommandLine.ExitCode.OK);
  }
}
