package dev.tidemark.operator.status;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.tidemark.operator.run.Deadline;
import dev.tidemark.service.settings.Setting;
import dev.tidemark.service.status.ServiceReport;
import dev.tidemark.service.status.StatusJson;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Address at which a service tells its state, from the environment.
///
/// @param service for a human, `relay`
/// @param base without a slash at the end
record AdminPort(String service, String variable, String base) {

  /// Thrown when there is no answer, with the reason in words.
  static final class Unanswered extends Exception {
    private final String remedy;
    private final boolean late;

    Unanswered(String reason, String remedy) {
      this(reason, remedy, false);
    }

    private Unanswered(String reason, String remedy, boolean late) {
      super(reason);
      this.remedy = remedy;
      this.late = late;
    }

    /// Returns an exception for an answer that did not come in time.
    static Unanswered late(String reason, String remedy) {
      return new Unanswered(reason, remedy, true);
    }

    /// Returns the part that gave no answer for this reason.
    ///
    /// @param what begins its line
    <F> PartStatus<F> part(String name, String what) {
      String reason = String.valueOf(getMessage());
      return late
          ? PartStatus.late(name, what, reason, remedy)
          : PartStatus.unanswered(name, what, reason, remedy);
    }
  }

  /// Returns a setting with the addresses of all instances, separated by commas.
  static Setting<List<AdminPort>> setting(String service, String variable, String standard) {
    return Setting.of(
        variable,
        List.of(new AdminPort(service, variable, standard)),
        text -> addresses(service, variable, text),
        "http://host:port, or several with commas between",
        "where the %s tells its state (%s)".formatted(service, standard));
  }

  private static Optional<List<AdminPort>> addresses(String service, String variable, String text) {
    List<String> bases =
        Stream.of(text.split(",", -1))
            .map(String::strip)
            .distinct()
            .map(base -> base.replaceAll("/+$", ""))
            .toList();
    return bases.stream().allMatch(AdminPort::isAddress)
        ? Optional.of(bases.stream().map(base -> new AdminPort(service, variable, base)).toList())
        : Optional.empty();
  }

  private static boolean isAddress(String text) {
    try {
      URI address = URI.create(text);
      return text.matches("https?://[^/?#]+") && address.getHost() != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /// State that a service tells.
  ///
  /// @param json all of it
  /// @param report the part of it that this version knows
  record Told<T extends ServiceReport>(JsonNode json, T report) {}

  /// Asks the service for its state.
  <T extends ServiceReport> Told<T> ask(Class<T> kind, Deadline deadline) throws Unanswered {
    URI address = URI.create(base + "/status");
    try {
      JsonNode told = StatusJson.parse(text(address, deadline));
      if (told.isObject()) {
        return new Told<>(told, StatusJson.read(told, kind));
      }
    } catch (JsonProcessingException anotherProgram) {
      // The address is wrong, as below.
    }
    throw new Unanswered(
        "%s does not answer with JSON of a %s".formatted(address, service), wrongAddress());
  }

  private String text(URI address, Deadline deadline) throws Unanswered {
    int millis = Math.max(1, Math.toIntExact(deadline.left().toMillis()));
    try {
      HttpURLConnection request = (HttpURLConnection) address.toURL().openConnection();
      request.setConnectTimeout(millis);
      request.setReadTimeout(millis);
      int code = request.getResponseCode();
      if (code != HttpURLConnection.HTTP_OK) {
        throw new Unanswered("%s answers %d".formatted(address, code), wrongAddress());
      }
      try (InputStream body = request.getInputStream()) {
        return new String(body.readAllBytes(), UTF_8);
      }
    } catch (SocketTimeoutException e) {
      throw Unanswered.late(
          "the %s at %s did not answer in %.1f s".formatted(service, address, millis / 1e3),
          "see that it is not stopped, and that its machine has processor time left");
    } catch (IOException e) {
      throw new Unanswered(
          "no %s answers at %s".formatted(service, address),
          "see that it runs, and that %s, or --data DIR, is right".formatted(variable));
    }
  }

  private String wrongAddress() {
    return "%s must be the admin address of a %s".formatted(variable, service);
  }
}
