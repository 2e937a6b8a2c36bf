package dev.tidemark.systemtests;

import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.db.Migration;
import dev.tidemark.embedded.Ports;
import dev.tidemark.embedded.PostgresServer;
import dev.tidemark.embedded.RedisServer;
import dev.tidemark.service.settings.DatabaseUrl;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Test of the command `import` against the real API: its messages about wrong files, and its exit
/// codes.
class ImportCommandST {
  private static final String TOKENS = "first-secret\nsecond-secret\n";
  private static final String HEADER = "id,name,price,currency\n";

  @TempDir static Path folder;
  private static final Deque<AutoCloseable> running = new ArrayDeque<>();
  private static Jdbi database;
  private static String url;

  private record Result(int code, String out, String err) {}

  @BeforeAll
  static void up() throws Exception {
    var postgres = running(PostgresServer.startWithoutFsync(folder.resolve("postgres"), 0));
    var redis = running(RedisServer.start(folder.resolve("redis"), 0));
    new Migration(DatabaseUrl.parse(postgres.url()), line -> {}).run();
    database = Jdbi.create(postgres.jdbcUrl());
    int port = Ports.free();
    url = "http://127.0.0.1:" + port;
    running(
        ServiceProcess.start(
            "product-api",
            "TIDEMARK_API_ADMIN_PORT",
            Map.of(
                "DATABASE_URL", postgres.url(),
                "DATABASE_USER", "tidemark_api",
                "REDIS_URL", redis.url(),
                "API_TOKEN_FILE", write("tokens", TOKENS.getBytes(UTF_8)).toString(),
                "TIDEMARK_API_PORT", Integer.toString(port)),
            folder.resolve("api.log")));
    // The starts of the command are most of the time of this test, and this halves them.
    run("-XX:AOTCacheOutput=" + recording(), lines(0, 3).getBytes(UTF_8), "-");
  }

  private static <T extends AutoCloseable> T running(T part) {
    running.push(part);
    return part;
  }

  @AfterAll
  static void down() throws Exception {
    for (var part : running) {
      part.close();
    }
  }

  @BeforeEach
  void haveTenOtherProducts() {
    database.useHandle(
        handle -> {
          handle.execute("delete from product");
          handle.execute(
              """
              insert into product (id, name, price, currency)
              select 'other-' || n, 'A', 1, 'EUR' from generate_series(1, 10) n
              """);
        });
  }

  private static Path write(String name, byte[] content) throws IOException {
    return Files.write(folder.resolve(name), content);
  }

  private static String lines(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(
            "{\"id\":\"case-%d\",\"name\":\"A\",\"price\":1,\"currency\":\"EUR\"}\n"::formatted)
        .collect(Collectors.joining());
  }

  private static byte[] gzip(String text) {
    var bytes = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(bytes)) {
      gzip.write(text.getBytes(UTF_8));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] joined(byte[] one, byte[] two) {
    byte[] both = Arrays.copyOf(one, one.length + two.length);
    System.arraycopy(two, 0, both, one.length, two.length);
    return both;
  }

  private static Result run(byte[] input, String... arguments) throws Exception {
    return run("-XX:AOTCache=" + recording(), input, arguments);
  }

  /// Returns the file with how the command's JVM starts.
  private static Path recording() {
    return folder.resolve("import.aot");
  }

  private static Result run(String jvmOption, byte[] input, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of(jvmOption, "-Xlog:aot=off", "-Xlog:cds=off"));
    command.add("-jar");
    command.add(ServiceProcess.jar("devstack").toString());
    command.add("import");
    command.addAll(List.of(arguments));
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    var builder =
        new ProcessBuilder(command)
            .redirectInput(write("in", input).toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().put("API_URL", url);
    builder.environment().put("API_TOKEN_FILE", folder.resolve("tokens").toString());
    Process process = builder.start();
    assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("it ends").isTrue();
    var result = new Result(process.exitValue(), Files.readString(out), Files.readString(err));
    assertThat(result.out() + result.err()).doesNotContain("-secret", "Exception", "jackson");
    return result;
  }

  private static long live(String pattern) {
    return database.withHandle(
        handle ->
            handle
                .createQuery("select count(*) from product where deleted_at is null and id like ?")
                .bind(0, pattern)
                .mapTo(Long.class)
                .one());
  }

  static Stream<Arguments> taken() {
    return Stream.of(
        Arguments.of("two members of gzip", joined(gzip(lines(0, 5)), gzip(lines(5, 10))), 10),
        Arguments.of("byte order mark", ("\ufeff" + lines(0, 3)).getBytes(UTF_8), 3),
        Arguments.of("CR LF", lines(0, 3).replace("\n", "\r\n").getBytes(UTF_8), 3),
        Arguments.of(
            "blank lines", ("\n" + lines(0, 1) + "\n" + lines(1, 2) + "\n").getBytes(UTF_8), 2));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("taken")
  void itTakes(String what, byte[] file, int products) throws Exception {
    var result = run(new byte[0], write("file", file).toString());
    assertThat(result.code()).as(result.err()).isZero();
    assertThat(result.out())
        .contains("created %d, updated 0, unchanged 0, failed 0".formatted(products))
        .containsOnlyOnce("100 %");
    assertThat(live("case-%")).isEqualTo(products);
  }

  static Stream<Arguments> refused() {
    byte[] first = gzip(lines(0, 5));
    byte[] second = gzip(lines(5, 10));
    byte[] damaged = second.clone();
    damaged[1] = 0;
    return Stream.of(
        Arguments.of(joined(first, damaged), "is not whole gzip: it is damaged"),
        Arguments.of(
            joined(first, Arrays.copyOf(second, 5)), "is not whole gzip: it ends too early"),
        Arguments.of(
            Arrays.copyOf(first, first.length - 9), "is not whole gzip: it ends too early"),
        Arguments.of(
            lines(0, 3).getBytes(UTF_16),
            "Line 1 is UTF-16 text; one JSON object a line is wanted"),
        Arguments.of(("[\n" + lines(0, 3) + "]\n").getBytes(UTF_8), "Line 1 begins a JSON array"),
        Arguments.of(
            lines(0, 1).replace(",", ",\n").getBytes(UTF_8),
            "Line 1 begins a JSON object that does not end on it"),
        Arguments.of(
            (HEADER + "case-1,A,1,EUR\n").getBytes(UTF_8), "Line 1 looks like a table (CSV)"),
        Arguments.of(new byte[0], "The file holds no products"),
        Arguments.of("\n \n".getBytes(UTF_8), "The file holds no products"));
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("refused")
  void itSaysInOneSentenceWhyItDoesNotTake(byte[] file, String sentence) throws Exception {
    String path = write("file", file).toString();
    for (var result : List.of(run(new byte[0], path), run(new byte[0], path, "--replace"))) {
      assertThat(result.code()).isEqualTo(1);
      assertThat(result.err()).contains(sentence).hasLineCount(1);
      assertThat(result.out()).doesNotContain("100 %");
      assertThat(live("other-%")).isEqualTo(10);
    }
  }

  @Test
  void aLineThatFailsIsNamedOnce() throws Exception {
    String file = lines(0, 1) + "{\"id\":\"x\" \"name\":1}\n" + lines(1, 2);
    var result = run(new byte[0], write("file", file.getBytes(UTF_8)).toString());
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out())
        .contains("line 2: must be one JSON object: the text is no JSON at column 11\n")
        .contains("created 2, updated 0, unchanged 0, failed 1");
  }

  @Test
  void standardInputIsTakenAndReplacesWithAWordWhereMostWouldGo() throws Exception {
    byte[] input = gzip(lines(0, 4));
    var refused = run(input, "--replace", "-");
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err())
        .isEqualTo(
            "tidemark: standard input: this would delete 10 of 10 products, more than half; with"
                + " --yes it does. Nothing was written.\n");
    assertThat(live("%")).isEqualTo(10);

    var done = run(input, "--replace", "--yes", "-");
    assertThat(done.code()).as(done.err()).isZero();
    assertThat(done.out()).contains("created 4", "deleted 10").containsOnlyOnce("100 %");
    assertThat(live("case-%")).isEqualTo(4);
    assertThat(live("other-%")).isZero();
  }

  @Test
  void wrongUsageHasACodeOfItsOwn() throws Exception {
    assertThat(run(new byte[0], folder.resolve("none").toString()).code()).isEqualTo(2);
    assertThat(run(new byte[0], folder.toString()).code()).isEqualTo(2);
    assertThat(run(new byte[0], "--yes", "-").code()).isEqualTo(2);
    assertThat(run(new byte[0]).code()).isEqualTo(2);
    assertThat(run(new byte[0], "--help").out()).contains("--replace", "- is standard input");
  }
}
