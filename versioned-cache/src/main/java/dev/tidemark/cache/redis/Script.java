package dev.tidemark.cache.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.Response;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/// A Lua script of this library that works on one key. It is sent by its hash, and in full when the
/// server does not know it (any more). Immutable.
///
/// Each begins with `#!lua`, so that a server that may not write (a demoted primary) refuses the
/// whole script. Without this, a server that finds nothing to write would answer as if it were the
/// primary.
final class Script {

  private final byte[] source;
  private final byte[] sha;

  private Script(byte[] source) {
    this.source = source;
    this.sha = sha1(source);
  }

  /// Reads a script from the resources beside this class.
  static Script load(String name) {
    try (InputStream in = Script.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("the script " + name + " is missing from the jar");
      }
      return new Script(in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Creates a script from its text.
  static Script of(String source) {
    return new Script(source.getBytes(StandardCharsets.UTF_8));
  }

  /// Returns a call of the script on a key with arguments, which can be sent once or repeatedly.
  Call on(byte[] key, byte[]... arguments) {
    return new Call(this, List.of(key), List.of(arguments));
  }

  record Call(Script script, List<byte[]> keys, List<byte[]> arguments) {

    /// Runs the script, and loads it when the server does not know it.
    ///
    /// @return a `Long`, a `byte[]` or null, as the script answers
    @Nullable Object run(UnifiedJedis client) {
      try {
        return client.evalsha(script.sha, keys, arguments);
      } catch (JedisNoScriptException unknown) {
        return client.eval(script.source, keys, arguments);
      }
    }

    /// Adds the call to a pipeline, by the hash only: an answer may be [JedisNoScriptException].
    Response<Object> append(AbstractPipeline pipeline) {
      return pipeline.evalsha(script.sha, keys, arguments);
    }
  }

  private static byte[] sha1(byte[] source) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-1").digest(source);
      return HexFormat.of().formatHex(digest).getBytes(StandardCharsets.US_ASCII);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-1", e);
    }
  }
}
