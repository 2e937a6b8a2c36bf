package dev.tidemark.api.http;

import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import dev.tidemark.api.problem.ProblemType;
import dev.tidemark.api.problem.Violation;
import dev.tidemark.api.product.MergePatch;
import dev.tidemark.api.store.DatabaseFault;
import dev.tidemark.cache.DatabaseBusyException;
import dev.tidemark.cache.SourceException;
import io.helidon.common.buffers.DataReader.InsufficientDataAvailableException;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One resource: selects the method's handler, answers with a problem when anything fails in it,
/// and measures. Thread-safe.
public final class Endpoint implements Handler {

  private static final Logger log = LoggerFactory.getLogger(Endpoint.class);

  private static final Header PROBLEM_JSON =
      HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/problem+json");
  private static final Header RETRY_AFTER = HeaderValues.createCached(HeaderNames.RETRY_AFTER, "1");
  private static final Header BEARER =
      HeaderValues.createCached(HeaderNames.WWW_AUTHENTICATE, "Bearer");

  /// Header against sniffing: all content is data, and a browser must not treat it as anything
  /// else, wherever it is shown.
  private static final Header NO_SNIFFING =
      HeaderValues.createCached(HeaderNames.create("X-Content-Type-Options"), "nosniff");

  private static final Header NO_CONTENT_OF_OTHERS =
      HeaderValues.createCached(
          HeaderNames.create("Content-Security-Policy"),
          "default-src 'none'; frame-ancestors 'none'");

  /// Header of RFC 5789.
  private static final Header ACCEPT_PATCH =
      HeaderValues.createCached(HeaderNames.create("Accept-Patch"), MergePatch.MEDIA_TYPE);

  private static final long LITTLE_BODY = 64 * 1024;

  private final Map<Method, Handler> methods;
  private final String allowed;
  private final HttpMetrics.Route metrics;
  private final AccessLog accessLog;
  private final Admission admission;
  private final Cors cors;

  public Endpoint(
      HttpMetrics.Route metrics,
      AccessLog accessLog,
      Admission admission,
      Cors cors,
      Map<Method, Handler> methods) {
    this.metrics = metrics;
    this.accessLog = accessLog;
    this.admission = admission;
    this.cors = cors;
    this.methods = Map.copyOf(methods);
    this.allowed =
        Stream.concat(methods.keySet().stream(), Stream.of(Method.OPTIONS))
            .map(Method::text)
            .sorted()
            .collect(Collectors.joining(", "));
  }

  @Override
  public void handle(ServerRequest request, ServerResponse response) {
    ClientWait wait = ClientWait.current();
    if (wait == null) {
      answer(request, response);
      return;
    }
    if (wait.end()) {
      throw new CloseConnectionException("the client went away before its request was looked at");
    }
    try {
      answer(request, response);
    } finally {
      // For the server, which now reads the rest of the body.
      wait.beginReading();
    }
  }

  private void answer(ServerRequest request, ServerResponse response) {
    long start = System.nanoTime();
    Method method = request.prologue().method();
    response.header(NO_SNIFFING).header(NO_CONTENT_OF_OTHERS);
    cors.mark(request, response);
    // The server does not know that a body will come that was to be requested, and was not.
    boolean last = admission.isDraining() || request.headers().contains(HeaderNames.EXPECT);
    if (last && isHttp1(request)) {
      response.header(HeaderValues.CONNECTION_CLOSE);
    }
    boolean admitted = admission.tryEnter();
    try {
      if (admitted) {
        admission.bytes().runWithin(() -> answer(method, request, response));
      } else {
        send(Problem.overloaded("Too many requests are under way."), request, response);
      }
    } finally {
      if (admitted) {
        admission.leave();
      }
      long nanos = System.nanoTime() - start;
      metrics.record(method, response.status(), request.isSecure(), nanos);
      accessLog.answered(request, response, nanos);
    }
    if (isLast(request, response)) {
      throw new CloseConnectionException("the last answer of this connection is sent");
    }
  }

  /// Returns whether the connection must end: otherwise the server would listen until the client
  /// hangs up, and take the rest of an unread body for the next request.
  private static boolean isLast(ServerRequest request, ServerResponse response) {
    return isHttp1(request)
        && (response.headers().contains(HeaderValues.CONNECTION_CLOSE)
            || request.headers().contains(HeaderValues.CONNECTION_CLOSE)
            || !isBodyDone(request));
  }

  private static boolean isHttp1(ServerRequest request) {
    return request.prologue().protocolVersion().startsWith("1");
  }

  /// Returns whether the next request begins where the server will look for it. The server itself
  /// reads the part of a body that a handler has not read, which is worthwhile only where that is
  /// known to be small.
  private static boolean isBodyDone(ServerRequest request) {
    return !request.content().hasEntity()
        || request.content().consumed()
        || request.headers().contentLength().orElse(Long.MAX_VALUE) <= LITTLE_BODY;
  }

  private void answer(Method method, ServerRequest request, ServerResponse response) {
    try {
      Handler handler = methods.get(method);
      // The server routes by the path without the parameters of its segments.
      if (request.path().rawPath().indexOf(';') >= 0) {
        throw new ProblemException(Problem.noSuchResource());
      } else if (handler != null) {
        handler.handle(request, response);
      } else if (methods.isEmpty()) {
        throw new ProblemException(Problem.noSuchResource());
      } else {
        response.header(HeaderNames.ALLOW, allowed);
        if (methods.containsKey(Method.PATCH)) {
          response.header(ACCEPT_PATCH);
        }
        if (!method.equals(Method.OPTIONS)) {
          throw new ProblemException(Problem.methodNotAllowed(method.text(), allowed));
        }
        cors.preflight(response, allowed);
        Answers.sendEmpty(response, Status.NO_CONTENT_204);
      }
    } catch (ProblemException e) {
      send(e.problem(), request, response);
    } catch (DatabaseBusyException e) {
      send(Problem.overloaded("Too many reads of the database are under way."), request, response);
    } catch (SourceException e) {
      send(
          e.getCause() instanceof DatabaseFault fault ? problem(fault) : unexpected(e),
          request,
          response);
    } catch (DatabaseFault e) {
      send(problem(e), request, response);
    } catch (RequestException e) {
      // The server found this fault in the body while it was read.
      send(
          Problem.malformedRequest("The body cannot be read: " + e.getMessage()),
          request,
          response);
    } catch (InsufficientDataAvailableException
        | CloseConnectionException
        | UncheckedIOException e) {
      // The client went away, or fell silent, in the middle: nobody is there to receive an answer.
      log.atDebug().setCause(e).log("a request was cut short");
      response.status(Status.BAD_REQUEST_400);
      throw e;
    } catch (Throwable e) {
      send(unexpected(e), request, response);
    }
  }

  public static Problem problem(DatabaseFault fault) {
    return switch (fault.kind()) {
      case UNREACHABLE ->
          Problem.databaseAway("No connection to the database was to be had; nothing was written.");
      case INTERRUPTED ->
          Problem.databaseAway(
              "The database went away or took too long; a write may or may not have been done.");
      case STANDBY ->
          Problem.databaseAway(
              "The database is a standby, which may be behind; nothing was written.");
      case CONFLICT ->
          Problem.databaseAway("Other writes were in the way for too long; nothing was written.");
      case REFUSED ->
          Problem.invalidProduct(
              List.of(new Violation("", "is refused by the database: " + fault.getMessage())));
      case DEFECT -> unexpected(fault);
    };
  }

  private static Problem unexpected(Throwable fault) {
    log.atError().setCause(fault).log("a request failed");
    return Problem.internal();
  }

  private static void send(Problem problem, ServerRequest request, ServerResponse response) {
    if (response.isSent()) {
      return;
    }
    if (response instanceof RoutingResponse begun && begun.hasEntity()) {
      throw new CloseConnectionException("an answer that has begun is cut: " + problem.detail());
    }
    response.status(problem.status()).header(PROBLEM_JSON);
    switch (problem.status().code()) {
      case 401 -> response.header(BEARER);
      case 503 -> response.header(RETRY_AFTER);
      case 415 -> {
        if (request.prologue().method().equals(Method.PATCH)) {
          response.header(ACCEPT_PATCH);
        }
      }
      default -> {}
    }
    boolean isAlive = problem.type() != ProblemType.REQUEST_TIMEOUT;
    if (isHttp1(request) && !(isAlive && isBodyDone(request))) {
      response.header(HeaderValues.CONNECTION_CLOSE);
    }
    Answers.send(request, response, problem.json());
  }
}
