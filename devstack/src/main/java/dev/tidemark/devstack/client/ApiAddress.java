package dev.tidemark.devstack.client;

import dev.tidemark.devstack.stack.StackEnv;
import dev.tidemark.devstack.stack.StackException;
import dev.tidemark.devstack.stack.StackOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Address of a product-api, and the token for its writes.
public record ApiAddress(URI url, Optional<String> token) {
  private static final Pattern TOKEN = Pattern.compile("[\\x21-\\x7E]+");

  /// Finds the address: in a stack's folder if one is named, else in `API_URL`, else in the stack
  /// of the default folder. The token comes from `API_TOKEN` or the file that `API_TOKEN_FILE`
  /// names.
  public static ApiAddress find(@Nullable Path data, Map<String, String> environment) {
    return new ApiAddress(url(data, environment), token(environment));
  }

  private static URI url(@Nullable Path data, Map<String, String> environment) {
    String fromEnvironment = environment.getOrDefault("API_URL", "").strip();
    if (data == null && !fromEnvironment.isEmpty()) {
      return checked("API_URL", fromEnvironment);
    }
    Path folder = data == null ? StackOptions.DEFAULT_DATA : data;
    Path file = folder.resolve(StackEnv.FILE_NAME);
    StackEnv env =
        StackEnv.read(file)
            .orElseThrow(
                () ->
                    new StackException(
                        "no running stack: there is no %s%s. Start one with `bin/tidemark up`, name its folder with --data, or set API_URL"
                            .formatted(file, data == null ? " and API_URL is not set" : "")));
    return checked(file.toString(), env.require("API_URL"));
  }

  /// Returns one token, also where there are several: separated by commas in the variable, and on
  /// lines of their own in the file.
  public static Optional<String> token(Map<String, String> environment) {
    String file = environment.getOrDefault("API_TOKEN_FILE", "");
    if (file.isEmpty()) {
      return first("API_TOKEN", environment.getOrDefault("API_TOKEN", "").split(",", -1));
    }
    try {
      Optional<String> token =
          first("API_TOKEN_FILE", Files.readAllLines(Path.of(file)).toArray(String[]::new));
      if (token.isEmpty()) {
        throw new StackException("API_TOKEN_FILE names a file without a token: " + file);
      }
      return token;
    } catch (IOException e) {
      throw new StackException("API_TOKEN_FILE names a file that cannot be read: " + file, e);
    }
  }

  private static Optional<String> first(String name, String[] tokens) {
    Optional<String> first =
        Arrays.stream(tokens)
            .map(String::strip)
            .filter(token -> !token.isEmpty() && !token.startsWith("#"))
            .findFirst();
    if (first.isPresent() && !TOKEN.matcher(first.get()).matches()) {
      throw new StackException(
          name + " must hold tokens of visible ASCII characters, without spaces");
    }
    return first;
  }

  /// Returns a text without the token.
  @Override
  public String toString() {
    return url.toString();
  }

  private static URI checked(String source, String text) {
    try {
      URI url = URI.create(text);
      if (url.getHost() != null && (text.startsWith("http://") || text.startsWith("https://"))) {
        return url;
      }
    } catch (IllegalArgumentException e) {
      // Reported below, with the addresses that are no HTTP ones.
    }
    throw new StackException(source + " is not an address like http://127.0.0.1:8080: " + text);
  }
}
