package dev.tidemark.operator.status;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tidemark.operator.run.Deadline;
import dev.tidemark.service.settings.Setting;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Address at which a service serves its health, from the environment.
///
/// @param service for a human, `relay`
/// @param base without a slash at the end
record AdminPort(String service, String variable, String base) {

  private static final Set<Integer> EXPECTED = Set.of(200, 503);
  private static final ObjectMapper json = new ObjectMapper();

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
    PartStatus part(String name, String what) {
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
        "where the %s serves its health (%s)".formatted(service, standard));
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

  JsonNode json(String path, Deadline deadline) throws Unanswered {
    try {
      return json.readTree(text(path, deadline));
    } catch (JsonProcessingException e) {
      throw new Unanswered(base + path + " does not answer with JSON", wrongAddress());
    }
  }

  String text(String path, Deadline deadline) throws Unanswered {
    URI address = URI.create(base + path);
    int millis = Math.max(1, Math.toIntExact(deadline.left().toMillis()));
    try {
      HttpURLConnection request = (HttpURLConnection) address.toURL().openConnection();
      request.setConnectTimeout(millis);
      request.setReadTimeout(millis);
      int code = request.getResponseCode();
      if (!EXPECTED.contains(code)) {
        throw new Unanswered("%s answers %d".formatted(address, code), wrongAddress());
      }
      try (InputStream body =
          code == HttpURLConnection.HTTP_OK ? request.getInputStream() : request.getErrorStream()) {
        return body == null ? "" : new String(body.readAllBytes(), UTF_8);
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
