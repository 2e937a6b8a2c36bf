package dev.tidemark.api.http;

import dev.tidemark.api.problem.Problem;
import dev.tidemark.api.problem.ProblemException;
import dev.tidemark.api.product.Condition;
import dev.tidemark.cache.ReadOption;
import dev.tidemark.cache.store.CachedValue;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerRequestHeaders;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads the headers of a request. A malformed header ends the request with a 400.
public final class RequestHeaders {

  static final HeaderName MIN_VERSION = HeaderNames.create("Min-Version");
  private static final HeaderName TRACEPARENT = HeaderNames.create("traceparent");

  /// Pattern of an entity tag, RFC 9110 section 8.8.3, with the separator from the next.
  private static final Pattern ENTITY_TAG =
      Pattern.compile("\\G[ \\t,]*(W/)?\"([\\x21\\x23-\\x7E\\x80-\\xFF]*)\"[ \\t]*(?:,|$)");

  /// Pattern of the directive, RFC 9111 section 5.2, with or without a value.
  private static final Pattern NO_CACHE =
      Pattern.compile("(?:^|,)[ \\t]*no-cache[ \\t]*(?:$|[,=])", Pattern.CASE_INSENSITIVE);

  private static final Pattern VERSION = Pattern.compile("[1-9][0-9]{0,15}");

  /// Pattern of W3C Trace Context, version 00.
  private static final Pattern TRACE_CONTEXT =
      Pattern.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");

  private RequestHeaders() {}

  public static ReadOption readOption(ServerRequestHeaders headers) {
    if (headers.contains(HeaderNames.CACHE_CONTROL)
        && NO_CACHE.matcher(headers.get(HeaderNames.CACHE_CONTROL).values()).find()) {
      return ReadOption.strong();
    }
    return headers.contains(MIN_VERSION)
        ? ReadOption.atLeast(minVersion(headers))
        : ReadOption.eventual();
  }

  /// Returns the value of `Min-Version`; 0 when it is absent.
  public static long minVersion(ServerRequestHeaders headers) {
    if (!headers.contains(MIN_VERSION)) {
      return 0;
    }
    return version(headers.get(MIN_VERSION).values())
        .orElseThrow(
            () -> malformed("Min-Version must be a version: 1 or more, at most 2^53 - 1."));
  }

  /// Returns whether `If-None-Match` names this version, so that the reader has it already.
  public static boolean isKnown(ServerRequestHeaders headers, long version) {
    if (!headers.contains(HeaderNames.IF_NONE_MATCH)) {
      return false;
    }
    String text = headers.get(HeaderNames.IF_NONE_MATCH).values();
    return text.strip().equals("*")
        || entityTags(text, "If-None-Match").stream()
            .anyMatch(tag -> tag.value().equals(Long.toString(version)));
  }

  /// Returns whether `If-Match`, if present, names this version.
  public static boolean isWanted(ServerRequestHeaders headers, long version) {
    return switch (match(headers)) {
      case Condition.IfVersion(List<Long> versions) -> versions.contains(version);
      case Condition.None(),
          Condition.IfPresent(),
          Condition.IfAbsent(),
          Condition.UnlessVersion(List<Long> _) ->
          true;
    };
  }

  /// Returns the condition of a write.
  public static Condition condition(ServerRequestHeaders headers) {
    boolean match = headers.contains(HeaderNames.IF_MATCH);
    boolean noneMatch = headers.contains(HeaderNames.IF_NONE_MATCH);
    if (match && noneMatch) {
      throw malformed("If-Match and If-None-Match together are not for writes.");
    }
    if (!noneMatch) {
      return match(headers);
    }
    String text = headers.get(HeaderNames.IF_NONE_MATCH).values();
    return text.strip().equals("*")
        ? new Condition.IfAbsent()
        // Weak comparison: a weak tag counts as well.
        : new Condition.UnlessVersion(versions(entityTags(text, "If-None-Match")));
  }

  private static Condition match(ServerRequestHeaders headers) {
    if (!headers.contains(HeaderNames.IF_MATCH)) {
      return new Condition.None();
    }
    String text = headers.get(HeaderNames.IF_MATCH).values();
    if (text.strip().equals("*")) {
      return new Condition.IfPresent();
    }
    // Strong comparison: a weak tag, or one that is no version, matches nothing.
    return new Condition.IfVersion(
        versions(entityTags(text, "If-Match").stream().filter(tag -> !tag.weak()).toList()));
  }

  /// Refuses a condition on writes that do not concern exactly one product.
  public static void refuseCondition(ServerRequestHeaders headers) {
    if (headers.contains(HeaderNames.IF_MATCH) || headers.contains(HeaderNames.IF_NONE_MATCH)) {
      throw malformed("If-Match and If-None-Match are for PUT, PATCH and DELETE of one product.");
    }
  }

  private static List<Long> versions(List<EntityTag> tags) {
    return tags.stream().flatMap(tag -> version(tag.value()).stream()).toList();
  }

  private record EntityTag(boolean weak, String value) {}

  private static List<EntityTag> entityTags(String text, String header) {
    List<EntityTag> tags = new ArrayList<>();
    Matcher matcher = ENTITY_TAG.matcher(text);
    int end = 0;
    while (end < text.length() && matcher.find()) {
      tags.add(new EntityTag(matcher.group(1) != null, matcher.group(2)));
      end = matcher.end();
    }
    if (tags.isEmpty() || !text.substring(end).isBlank()) {
      throw malformed(header + " must be * or entity tags in quotes, like \"42\".");
    }
    return tags;
  }

  public static Optional<String> traceparent(ServerRequestHeaders headers) {
    return headers.first(TRACEPARENT).filter(text -> TRACE_CONTEXT.matcher(text).matches());
  }

  private static Optional<Long> version(String text) {
    return Optional.of(text)
        .filter(digits -> VERSION.matcher(digits).matches())
        .map(Long::parseLong)
        .filter(version -> version <= CachedValue.MAX_VERSION);
  }

  private static ProblemException malformed(String detail) {
    return new ProblemException(Problem.malformedRequest(detail));
  }
}
