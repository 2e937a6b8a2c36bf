package dev.tidemark.cache.redis;

import static dev.tidemark.cache.store.EntryStoreContract.TTL;
import static dev.tidemark.cache.store.EntryStoreContract.value;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tidemark.cache.store.EntryStore;
import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.Lookup;
import dev.tidemark.embedded.CertificateAuthority;
import dev.tidemark.embedded.CertificateAuthority.Issued;
import dev.tidemark.embedded.Ports;
import dev.tidemark.embedded.RedisCluster;
import dev.tidemark.embedded.RedisReplication;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.embedded.ServerTls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import redis.clients.jedis.Jedis;

/// Connections by TLS to real servers, with certificates of the test's own authority.
class RedisTlsIT {

  private static final RedisSettings PATIENT =
      RedisSettings.defaults().withTimeout(Duration.ofSeconds(5));

  @TempDir static Path certificates;
  private static CertificateAuthority authority;
  private static CertificateAuthority stranger;
  private static Issued server;

  @TempDir Path dir;

  @BeforeAll
  static void issue() {
    authority = CertificateAuthority.in(certificates.resolve("authority"));
    stranger = CertificateAuthority.in(certificates.resolve("stranger"));
    server = authority.issue("server");
  }

  @Test
  void trustedServerIsReadFilledAndEvicted() {
    int port = Ports.free();
    try (RedisServer _ = start(port, server);
        RedisConnection connection = open(port, authority)) {
      fillReadAndEvict(connection.entries(), "product:1");
      connection.ping();
    }
  }

  private static void fillReadAndEvict(EntryStore store, String key) {
    store.acquire(key, "reader", TTL);
    store.fill(key, "reader", value(1), TTL);
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Hit(value(1)));
    store.evict(key, 2);
    assertThat(store.lookup(key)).isEqualTo(new Lookup.Miss());
  }

  @Test
  void serverThatNobodyVouchesForIsRefused() {
    int port = Ports.free();
    try (RedisServer _ = start(port, server)) {
      assertRefused(
          "rediss://localhost:%d?sslrootcert=%s".formatted(port, stranger.certificate()),
          "vouched for by none of the authorities in " + stranger.certificate());
      assertRefused(
          "rediss://localhost:" + port, "none of the authorities in those that the JVM trusts");
    }
  }

  @Test
  void authorityThatWasMadeAnewUnderTheSameNameIsAnother() {
    int port = Ports.free();
    CertificateAuthority anew = CertificateAuthority.in(dir.resolve("authority"));
    try (RedisServer _ = start(port, server)) {
      assertRefused(
          "rediss://localhost:%d?sslrootcert=%s".formatted(port, anew.certificate()),
          "vouched for by none of the authorities in " + anew.certificate());
    }
  }

  @Test
  void serverOfAnotherNameIsRefused() {
    int port = Ports.free();
    try (RedisServer _ = start(port, authority.issueFor("elsewhere", "dns:redis.example"))) {
      assertRefused(
          "rediss://localhost:%d?sslrootcert=%s".formatted(port, authority.certificate()),
          "No subject alternative DNS name matching localhost found");
      assertRefused(
          "rediss://127.0.0.1:%d?sslrootcert=%s".formatted(port, authority.certificate()),
          "its certificate is refused: No subject alternative names");
    }
  }

  @Test
  void serverWithACertificateOfYesterdayIsRefused() {
    int port = Ports.free();
    Issued expired = authority.issueFor("expired", "dns:localhost", "-startdate", "-4d");
    try (RedisServer _ = start(port, expired)) {
      assertRefused(
          "rediss://localhost:%d?sslrootcert=%s".formatted(port, authority.certificate()),
          "its certificate has expired");
    }
  }

  @Test
  void serverThatSpeaksNoTlsIsRefused() {
    try (RedisServer plain = RedisServer.start(dir, 0)) {
      assertThatThrownBy(
              () -> {
                try (RedisConnection connection =
                    RedisConnection.open(
                        "rediss://:secret@localhost:%d?sslrootcert=%s"
                            .formatted(plain.port(), authority.certificate()),
                        RedisSettings.defaults())) {
                  connection.ping();
                }
              })
          .isInstanceOf(EntryStoreException.class)
          .hasMessageContaining("does it speak TLS?")
          .hasMessageNotContaining("secret");
    }
  }

  @Test
  void serverThatWantsACertificateIsShownOne() {
    int port = Ports.free();
    Issued client = authority.issue("client");
    try (RedisServer _ = start(port, server, "--tls-auth-clients", "yes")) {
      // The server reports it and closes the connection. It is chance which of the two is seen.
      assertRefused(
          "rediss://localhost:%d?sslrootcert=%s".formatted(port, authority.certificate()),
          "does not answer");
      try (RedisConnection connection =
          RedisConnection.open(
              "rediss://localhost:%d?sslrootcert=%s&sslcert=%s&sslkey=%s"
                  .formatted(port, authority.certificate(), client.certificate(), client.key()),
              PATIENT)) {
        fillReadAndEvict(connection.entries(), "product:1");
      }
    }
  }

  /// Test of a renewal, and of half of one.
  @Test
  void filesThatChangeAreReadAgainAndWrongOnesChangeNothing() throws IOException {
    int port = Ports.free();
    Path trusted = Files.copy(authority.certificate(), dir.resolve("trusted.pem"));
    Issued other = stranger.issue("other");
    Issued used =
        new Issued(dir.resolve("used.crt"), dir.resolve("used.key"), dir.resolve("used.pem"));
    copy(server, used);
    try (RedisServer redis = start(port, used);
        RedisConnection connection =
            RedisConnection.open(
                "rediss://localhost:%d?sslrootcert=%s".formatted(port, trusted), PATIENT)) {
      connection.ping();
      change(trusted, "not a certificate");
      redis.restart();
      connection.ping();

      copy(other, used);
      redis.restart();
      assertThatThrownBy(connection::ping).hasMessageContaining("vouched for by none");
      change(trusted, Files.readString(stranger.certificate()));
      connection.ping();
    }
  }

  private static void copy(Issued from, Issued to) throws IOException {
    Files.copy(from.certificate(), to.certificate(), StandardCopyOption.REPLACE_EXISTING);
    Files.copy(from.key(), to.key(), StandardCopyOption.REPLACE_EXISTING);
  }

  /// Changes the file in such a way that it is certainly newer.
  private static void change(Path file, String text) throws IOException {
    long before = Files.getLastModifiedTime(file).toMillis();
    Files.writeString(file, text);
    Files.setLastModifiedTime(file, FileTime.fromMillis(before + 1000));
  }

  @Test
  void clusterIsFoundByTheTlsPortsThatItsNodesAnnounce() {
    try (RedisCluster cluster =
        RedisCluster.start(
            dir,
            2,
            Duration.ofSeconds(15),
            _ ->
                with(
                    ServerTls.redisArguments(Ports.free(), authority, server),
                    "--tls-cluster",
                    "yes",
                    "--cluster-announce-hostname",
                    "localhost",
                    "--cluster-preferred-endpoint-type",
                    "hostname"))) {
      int port = tlsPort(cluster.primaries().getFirst());
      String url = "rediss://localhost:%d?cluster=true&sslrootcert=".formatted(port);
      try (RedisConnection connection =
          RedisConnection.open(url + authority.certificate(), PATIENT)) {
        IntStream.range(0, 20).forEach(i -> fillReadAndEvict(connection.entries(), "product:" + i));
        connection.ping();
        assertThat(connection.nodes())
            .hasSize(2)
            .allSatisfy(node -> assertThat(node.address()).startsWith("localhost:"));
      }
      assertRefused(url + stranger.certificate(), "vouched for by none");
      cluster.primaries().forEach(RedisTlsIT::makeTheOperatorOfTheDocumentation);
      try (RedisConnection connection =
          RedisConnection.open(
              (url + authority.certificate()).replace("://", "://tidemark_operator:choose-one@"),
              PATIENT)) {
        fillReadAndEvict(connection.entries(), "product:1");
        connection.ping();
        assertThat(connection.primaries()).hasSize(2);
        assertThat(connection.inspection().size()).isZero();
      }
    }
  }

  /// Creates the user with the rights in docs/operations.md, on a cluster as well.
  private static void makeTheOperatorOfTheDocumentation(RedisServer node) {
    try (Jedis admin = new Jedis("127.0.0.1", node.port())) {
      Matcher command =
          Pattern.compile("ACL SETUSER tidemark_operator (.*)")
              .matcher(Files.readString(Path.of("../docs/operations.md")));
      assertThat(command.find()).isTrue();
      admin.aclSetUser(
          "tidemark_operator",
          (command.group(1).strip() + " +cluster|slots +cluster|nodes +cluster|info")
              .split(" ", -1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void sentinelsAndThePrimaryThatTheyNameAreReachedByTls() {
    int port = Ports.free();
    int sentinelPort = Ports.free();
    try (RedisServer primary = start(port, server);
        RedisServer sentinel =
            RedisReplication.startSentinel(
                dir.resolve("sentinel"),
                "plain",
                primary,
                1,
                Duration.ofSeconds(5),
                with(
                        ServerTls.redisArguments(sentinelPort, authority, server),
                        "--tls-replication",
                        "yes")
                    .toArray(String[]::new))) {
      try (Jedis admin = new Jedis("127.0.0.1", sentinel.port())) {
        admin.sentinelMonitor("cache", "127.0.0.1", port, 1);
      }
      String url = "rediss://localhost:%d?sentinel=cache&sslrootcert=".formatted(sentinelPort);
      try (RedisConnection connection =
          RedisConnection.open(url + authority.certificate(), PATIENT)) {
        fillReadAndEvict(connection.entries(), "product:1");
      }
      assertRefused(url + stranger.certificate(), "vouched for by none");
    }
  }

  private static void assertRefused(String url, String words) {
    assertThatThrownBy(
            () -> {
              try (RedisConnection connection = RedisConnection.open(url, PATIENT)) {
                connection.ping();
              }
            })
        .isInstanceOf(EntryStoreException.class)
        .hasMessageContaining(words);
  }

  private RedisServer start(int port, Issued certificate, String... more) {
    return RedisServer.start(
        dir.resolve("redis"),
        0,
        with(ServerTls.redisArguments(port, authority, certificate), more).toArray(String[]::new));
  }

  private static RedisConnection open(int port, CertificateAuthority trusted) {
    return RedisConnection.open(
        "rediss://localhost:%d?sslrootcert=%s".formatted(port, trusted.certificate()), PATIENT);
  }

  private static List<String> with(List<String> arguments, String... more) {
    List<String> all = new ArrayList<>(arguments);
    all.addAll(List.of(more));
    return all;
  }

  private static int tlsPort(RedisServer node) {
    try (Jedis admin = new Jedis("127.0.0.1", node.port())) {
      return Integer.parseInt(admin.configGet("tls-port").get("tls-port"));
    }
  }
}
