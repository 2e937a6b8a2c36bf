package dev.tidemark.api.resources;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.api.RunningService;
import dev.tidemark.api.RunningService.Answer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Many writers on few products: no write is lost, none is counted twice, and each has the correct
/// name.
final class ConcurrentWritesIT {

  private static final int WRITERS = 16;

  @RegisterExtension private static final RunningService api = new RunningService();

  private record Event(long version, String type, String payload, long payloadVersion) {}

  @Test
  void versionsAreContiguousAndEachHasItsEvent() throws Exception { // H10, H21
    long seed = System.nanoTime();
    List<Answer> answers =
        together(
            WRITERS,
            writer -> {
              Random random = new Random(seed + writer);
              return IntStream.range(0, 60)
                  .mapToObj(i -> randomWrite(random, "/products/hot", writer + "-" + i))
                  .toList();
            });

    List<Event> events = events("hot");
    assertThat(events)
        .extracting(Event::version)
        .as("seed %d", seed)
        .containsExactlyElementsOf(upTo(events.size()));
    assertThat(events).allMatch(event -> event.version() == event.payloadVersion());

    List<Answer> written =
        answers.stream()
            .filter(answer -> answer.status() < 300)
            .filter(answer -> !answer.header("ETag").isEmpty())
            .toList();
    assertThat(written)
        .extracting(ConcurrentWritesIT::version)
        .as("each answer has a version of its own")
        .doesNotHaveDuplicates();
    assertThat(written).hasSameSizeAs(events);
    assertThat(answers)
        .allMatch(answer -> List.of(200, 201, 204, 404, 409).contains(answer.status()));

    // An event has the name "created" exactly when it follows a deletion, or nothing.
    String before = "product.deleted";
    for (Event event : events) {
      assertThat(event.type().equals("product.created"))
          .as("%s after %s", event, before)
          .isEqualTo(before.equals("product.deleted") && !event.type().equals("product.deleted"));
      assertThat(before.equals("product.deleted") && event.type().equals("product.deleted"))
          .isFalse();
      before = event.type();
    }
    // An answer agrees with its event.
    Map<Long, Event> byVersion =
        events.stream().collect(Collectors.toMap(Event::version, event -> event));
    for (Answer answer : written) {
      Event event = byVersion.get(version(answer));
      String expected =
          switch (answer.status()) {
            case 201 -> "product.created";
            case 200 -> "product.updated";
            default -> "product.deleted";
          };
      assertThat(event.type()).isEqualTo(expected);
      if (answer.status() != 204) {
        assertThat(answer.text()).isEqualTo(event.payload());
      }
    }
  }

  private static Answer randomWrite(Random random, String path, String name) {
    String json = "{'id':'hot','name':'%s','price':1,'currency':'EUR'}".formatted(name);
    return switch (random.nextInt(5)) {
      case 0 -> api.delete(path);
      case 1 -> api.post("/products", json);
      default -> api.put(path, json);
    };
  }

  @Test
  void ofManyWhoCreateOneProductOneSucceeds()
      throws Exception { // absent in every snapshot, then there
    for (int round = 0; round < 30; round++) {
      String id = "first-" + round;
      List<Answer> answers =
          together(
              WRITERS,
              writer ->
                  List.of(
                      api.post(
                          "/products",
                          "{'id':'%s','name':'w%d','price':1,'currency':'EUR'}"
                              .formatted(id, writer))));
      assertThat(answers).filteredOn(answer -> answer.status() == 201).hasSize(1);
      assertThat(answers).filteredOn(answer -> answer.status() == 409).hasSize(WRITERS - 1);
      assertThat(api.events(id)).containsExactly("1 product.created");
    }
  }

  @Test
  void ofManyWhoReplaceOneVersionOneSucceeds() throws Exception {
    api.put("/products/cas", "{'name':'start','price':1,'currency':'EUR'}");
    for (int version = 1; version <= 30; version++) {
      String tag = "\"" + version + "\"";
      List<Answer> answers =
          together(
              WRITERS,
              writer ->
                  List.of(
                      api.put(
                          "/products/cas",
                          "{'name':'%s by %d','price':1,'currency':'EUR'}"
                              .formatted(tag.replace("\"", ""), writer),
                          "If-Match",
                          tag)));
      assertThat(answers).filteredOn(answer -> answer.status() == 200).hasSize(1);
      assertThat(answers).filteredOn(answer -> answer.status() == 412).hasSize(WRITERS - 1);
    }
  }

  /// Read, add one, write if nobody has written in between: an update is lost if a condition is
  /// checked anywhere but in the write.
  @Test
  void fiftyWritersWithIfMatchNeverLoseAnUpdate() throws Exception {
    int writers = 50;
    int each = 4;
    api.put("/products/sum", "{'name':'sum','price':0,'currency':'EUR'}");
    List<Answer> answers =
        together(
            writers,
            writer -> {
              List<Answer> own = new java.util.ArrayList<>();
              for (int done = 0; done < each; ) {
                Answer read = api.get("/products/sum");
                String price =
                    read.json()
                        .get("price")
                        .decimalValue()
                        .add(java.math.BigDecimal.ONE)
                        .toPlainString();
                String tag = read.header("ETag");
                Answer written =
                    writer % 2 == 0
                        ? api.put(
                            "/products/sum",
                            "{'name':'sum','price':" + price + ",'currency':'EUR'}",
                            "If-Match",
                            tag)
                        : api.patch("/products/sum", "{'price':" + price + "}", "If-Match", tag);
                own.add(written);
                done += written.status() == 200 ? 1 : 0;
              }
              return own;
            });
    assertThat(answers).allMatch(answer -> answer.status() == 200 || answer.status() == 412);
    assertThat(answers)
        .filteredOn(answer -> answer.status() == 412)
        .as("they were in each other's way")
        .isNotEmpty();
    assertThat(api.get("/products/sum", "Cache-Control", "no-cache").json().get("price").asInt())
        .isEqualTo(writers * each);
    assertThat(events("sum"))
        .extracting(Event::version)
        .containsExactlyElementsOf(upTo(writers * each + 1));
  }

  @Test
  void patchesOfDifferentFieldsDoNotUndoEachOtherWithoutAnyCondition() throws Exception {
    api.put("/products/parts", "{'name':'parts','price':0,'currency':'EUR'}");
    List<Answer> answers =
        together(
            50,
            writer ->
                List.of(
                    api.patch(
                        "/products/parts", "{'attributes':{'w%d':%d}}".formatted(writer, writer))));
    assertThat(answers).allMatch(answer -> answer.status() == 200);
    assertThat(api.get("/products/parts", "Cache-Control", "no-cache").json().get("attributes"))
        .hasSize(50);
  }

  @Test
  void importsOfTheSameProductsInAnyOrderDoNotLoseOrBlockEachOther() throws Exception {
    long seed = System.nanoTime();
    int products = 200;
    List<Answer> answers =
        together(
            8,
            writer -> {
              List<Integer> order =
                  IntStream.range(0, products).boxed().collect(Collectors.toList());
              java.util.Collections.shuffle(order, new Random(seed + writer));
              String lines =
                  order.stream()
                      .map(
                          i ->
                              "{'id':'bulk-%d','name':'by %d','price':%d,'currency':'EUR'}\n"
                                  .formatted(i, writer, i))
                      // Each id occurs twice, so that a transaction has two statements, and these
                      // can deadlock.
                      .map(line -> line + line.replace("by ", "again by "))
                      .collect(Collectors.joining());
              return List.of(
                  api.send(
                      "POST",
                      "/products/import",
                      java.net.http.HttpRequest.BodyPublishers.ofString(lines.replace('\'', '"')),
                      "Content-Type",
                      "application/x-ndjson"));
            });
    assertThat(answers).allMatch(answer -> answer.status() == 200);
    long written = 0;
    for (Answer answer : answers) {
      assertThat(answer.json().get("failed").asInt()).isZero();
      written += answer.json().get("created").asLong() + answer.json().get("updated").asLong();
    }
    long events = 0;
    for (int i = 0; i < products; i++) {
      List<Event> own = events("bulk-" + i);
      assertThat(own).extracting(Event::version).containsExactlyElementsOf(upTo(own.size()));
      assertThat(own.getFirst().type()).isEqualTo("product.created");
      events += own.size();
    }
    assertThat(events).isEqualTo(written).isEqualTo(8L * 2 * products);
  }

  private static List<Answer> together(int writers, WriterTask task)
      throws InterruptedException, ExecutionException {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<List<Answer>>> tasks =
          IntStream.range(0, writers)
              .mapToObj(writer -> (Callable<List<Answer>>) () -> task.run(writer))
              .toList();
      List<Answer> answers = new java.util.ArrayList<>();
      for (Future<List<Answer>> done : threads.invokeAll(tasks)) {
        answers.addAll(done.get());
      }
      return answers;
    }
  }

  private interface WriterTask {
    List<Answer> run(int writer);
  }

  private static long version(Answer answer) {
    return Long.parseLong(answer.header("ETag").replace("\"", ""));
  }

  private static List<Long> upTo(int last) {
    return LongStream.rangeClosed(1, last).boxed().toList();
  }

  private static List<Event> events(String id) {
    return api.sql()
        .withHandle(
            handle ->
                handle
                    .createQuery(
                        "select version, type, payload::text as payload, (payload ->> 'version')::bigint as inner_version"
                            + " from outbox where aggregateid = :id order by version")
                    .bind("id", id)
                    .map(
                        (row, context) ->
                            new Event(
                                row.getLong("version"),
                                row.getString("type"),
                                row.getString("payload"),
                                row.getLong("inner_version")))
                    .list());
  }
}
