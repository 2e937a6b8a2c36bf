package dev.tidemark.cache;

import dev.tidemark.cache.EntryStoreException.Fault;
import java.net.ConnectException;
import java.util.Set;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/// What a failure of the client says about Redis.
final class RedisFailure {

  /// First words of the error answers by which a server says that it serves nobody now.
  private static final Set<String> NOT_NOW =
      Set.of("LOADING", "MASTERDOWN", "CLUSTERDOWN", "READONLY", "BUSY", "TRYAGAIN");

  private RedisFailure() {}

  static EntryStoreException of(String doing, JedisException cause) {
    return new EntryStoreException(doing + ": " + cause.getMessage(), fault(cause), cause);
  }

  private static Fault fault(JedisException failure) {
    if (failure instanceof JedisDataException) {
      String word = String.valueOf(failure.getMessage()).split(" ", 2)[0];
      return NOT_NOW.contains(word) ? Fault.SILENT : Fault.REFUSED;
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectException) {
        return Fault.DOWN;
      }
    }
    return Fault.SILENT;
  }
}
