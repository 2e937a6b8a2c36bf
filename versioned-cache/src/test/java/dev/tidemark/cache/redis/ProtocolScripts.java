package dev.tidemark.cache.redis;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tidemark.cache.interleavings.Access;
import dev.tidemark.cache.store.CachedValue;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.params.SetParams;

/// The protocol's scripts, as they are in the library, or with a guard removed from their text.
/// Immutable.
public final class ProtocolScripts {

  /// Lifetime that is so long that real time has no effect.
  private static final long LIFE_MILLIS = 3_600_000;

  private static final byte[] LIFE = decimal(LIFE_MILLIS);

  private final Map<String, String> texts;
  private final Map<String, Script> scripts = new HashMap<>();

  private ProtocolScripts(Map<String, String> texts) {
    this.texts = texts;
    texts.forEach((name, text) -> scripts.put(name, Script.of(text)));
  }

  public static ProtocolScripts ofTheLibrary() {
    Map<String, String> texts = new HashMap<>();
    for (String name :
        new String[] {"acquire", "fill", "evict", "refresh", "prolong", "release", "remove"}) {
      texts.put(name, read(name + ".lua"));
    }
    return new ProtocolScripts(texts);
  }

  /// Returns the scripts with a piece of one script replaced. The piece must occur just once, so
  /// that the edit cannot silently fail when the script changes.
  public ProtocolScripts with(String name, String piece, String replacement) {
    String text = texts.get(name);
    assertThat(text).containsOnlyOnce(piece);
    Map<String, String> edited = new HashMap<>(texts);
    edited.put(name, text.replace(piece, replacement));
    return new ProtocolScripts(edited);
  }

  public void load(UnifiedJedis client) {
    texts.values().forEach(client::scriptLoad);
  }

  /// Adds the step's effect on the key to the pipeline.
  public Response<?> append(AbstractPipeline pipeline, byte[] key, Access access) {
    return switch (access) {
      case Access.Get() -> pipeline.get(key);
      case Access.Acquire(String token) ->
          run("acquire", pipeline, key, ascii(token), LIFE, decimal(EntryCodec.LARGEST + 1L));
      case Access.Remove(CachedValue seen) -> run("remove", pipeline, key, EntryCodec.encode(seen));
      case Access.Fill(String token, CachedValue value) ->
          run(
              "fill",
              pipeline,
              key,
              ascii(token),
              decimal(value.version()),
              EntryCodec.encode(value),
              LIFE);
      case Access.Evict(long version) -> run("evict", pipeline, key, decimal(version));
      case Access.Refresh(CachedValue value) ->
          run("refresh", pipeline, key, decimal(value.version()), EntryCodec.encode(value), LIFE);
      case Access.Prolong(long version) -> run("prolong", pipeline, key, decimal(version), LIFE);
      case Access.Release(String token) -> run("release", pipeline, key, ascii(token));
      case Access.Replaced(String _, StoredEntry by) -> put(pipeline, key, by);
      case Access.Elsewhere _ ->
          throw new IllegalArgumentException(access + " does nothing to the key");
    };
  }

  /// Sets the content of the key.
  public static Response<?> put(AbstractPipeline pipeline, byte[] key, StoredEntry entry) {
    byte[] bytes = entry.bytes();
    return bytes == null
        ? pipeline.del(key)
        : pipeline.set(key, bytes, SetParams.setParams().px(LIFE_MILLIS));
  }

  private Response<Object> run(
      String name, AbstractPipeline pipeline, byte[] key, byte[]... arguments) {
    return scripts.get(name).on(key, arguments).append(pipeline);
  }

  private static byte[] decimal(long version) {
    return ascii(Long.toString(version));
  }

  private static byte[] ascii(String text) {
    return text.getBytes(US_ASCII);
  }

  private static String read(String resource) {
    try (InputStream in = Script.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
