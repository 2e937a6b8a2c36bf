package dev.tidemark.cache.redis;

import dev.tidemark.cache.store.EntryStoreException;
import dev.tidemark.cache.store.EntryStoreException.Fault;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import redis.clients.jedis.exceptions.JedisBroadcastException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.exceptions.JedisRedirectionException;

/// Cause of a failure of the client, which may be wrapped several times.
final class RedisFault {

  /// First words of the answers with which a server serves nobody now.
  private static final Set<String> NOT_NOW =
      Set.of("LOADING", "MASTERDOWN", "CLUSTERDOWN", "BUSY", "TRYAGAIN");

  /// First words of the answers with which a server accepts no writes, or none of this user's.
  private static final Set<String> NO_WRITES =
      Set.of("READONLY", "MISCONF", "NOREPLICAS", "NOPERM", "NOAUTH");

  /// Answer to the scripts of a server before version 7, or of one that has no scripts.
  private static final Pattern NO_SCRIPTS =
      Pattern.compile("ERR (Error compiling script|unknown command).*", Pattern.DOTALL);

  private RedisFault() {}

  /// Returns whether a retry is worthwhile. After a time-out it would only take as long again.
  static boolean isNoTimeout(JedisException failure) {
    return all(failure).noneMatch(SocketTimeoutException.class::isInstance);
  }

  /// Returns whether the failure is an error answer: then the command was not carried out, and will
  /// not be later either.
  static boolean isAnswered(JedisException failure) {
    return failure instanceof JedisDataException;
  }

  /// Returns whether the server is a demoted primary, which may not write, and perhaps not even be
  /// read.
  static boolean isOfAReplica(JedisException failure) {
    return all(failure).anyMatch(RedisFault::saysItIsAReplica);
  }

  /// Returns whether a new connection may work better: the server closed the old one (it has
  /// started again), it leads to a demoted primary, the client closed the pool it came from, or the
  /// slot has moved on during the redirection. Returns false when nobody listens, and after a
  /// time-out.
  static boolean isOfTheConnection(JedisException failure) {
    return all(failure)
            .noneMatch(e -> e instanceof SocketTimeoutException || e instanceof ConnectException)
        && all(failure)
            .anyMatch(
                e ->
                    e instanceof JedisConnectionException
                        || e instanceof JedisRedirectionException
                        || e instanceof IllegalStateException
                        || saysItIsAReplica(e));
  }

  static EntryStoreException exception(String what, JedisException failure) {
    return new EntryStoreException(what + ": " + said(failure), fault(failure), failure);
  }

  private static Fault fault(JedisException failure) {
    if (all(failure).anyMatch(ConnectException.class::isInstance)) {
      return Fault.DOWN;
    }
    if (all(failure).anyMatch(RedisFault::saysNoWrites)) {
      return Fault.UNWRITABLE;
    }
    // No connection of the pool was free in time.
    if (all(failure).anyMatch(NoSuchElementException.class::isInstance)) {
      return Fault.CROWDED;
    }
    boolean refused =
        failure instanceof JedisDataException && all(failure).noneMatch(RedisFault::saysNotNow);
    return refused ? Fault.REFUSED : Fault.SILENT;
  }

  /// Returns the messages of the client and of Redis, outermost first.
  private static String said(JedisException failure) {
    return all(failure)
        .map(Throwable::getMessage)
        .filter(Objects::nonNull)
        .distinct()
        .collect(Collectors.joining(": "));
  }

  private static boolean saysItIsAReplica(Throwable e) {
    return e instanceof JedisDataException
        && Set.of("READONLY", "MASTERDOWN").contains(firstWord(e));
  }

  private static boolean saysNoWrites(Throwable e) {
    return e instanceof JedisDataException
        && (NO_WRITES.contains(firstWord(e))
            || NO_SCRIPTS.matcher(String.valueOf(e.getMessage())).matches());
  }

  private static boolean saysNotNow(Throwable e) {
    return e instanceof JedisDataException && NOT_NOW.contains(firstWord(e));
  }

  private static String firstWord(Throwable e) {
    return String.valueOf(e.getMessage()).split(" ", 2)[0];
  }

  private static Stream<Throwable> all(Throwable failure) {
    Stream<Throwable> inner =
        Stream.concat(
            Stream.ofNullable(failure.getCause()), Arrays.stream(failure.getSuppressed()));
    if (failure instanceof JedisBroadcastException broadcast) {
      inner =
          broadcast.getReplies().values().stream()
              .filter(Throwable.class::isInstance)
              .map(Throwable.class::cast);
    }
    return Stream.concat(Stream.of(failure), inner.flatMap(RedisFault::all));
  }
}
