package dev.tidemark.service.settings;

import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Variables that Kubernetes gives to each container for the Services of its namespace, in the form
/// of Docker's links: for a Service `tidemark-api` they are `TIDEMARK_API_SERVICE_HOST`,
/// `TIDEMARK_API_PORT=tcp://10.0.0.1:8080` and so on. None of them is a setting.
public final class ServiceLinks {

  private static final String OURS = "TIDEMARK_";
  private static final Pattern BY_NAME =
      Pattern.compile(
          "TIDEMARK_[A-Z0-9_]*?("
              + "SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?"
              + "|PORT_\\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)");
  private static final Pattern BY_VALUE = Pattern.compile("(tcp|udp|sctp)://[^/]+:\\d+");

  private ServiceLinks() {}

  /// Returns the environment without these variables.
  ///
  /// @param log gets one line when there were any
  public static Map<String, String> passedOver(
      Map<String, String> environment, Consumer<String> log) {
    SortedSet<String> links =
        environment.entrySet().stream()
            .filter(variable -> isLink(variable.getKey(), variable.getValue()))
            .map(Map.Entry::getKey)
            .collect(Collectors.toCollection(TreeSet::new));
    if (links.isEmpty()) {
      return environment;
    }
    log.accept(
        "passes over what Kubernetes tells of its Services (enableServiceLinks: false keeps it"
            + " away): "
            + String.join(", ", links));
    return environment.entrySet().stream()
        .filter(variable -> !links.contains(variable.getKey()))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private static boolean isLink(String name, String value) {
    return name.startsWith(OURS)
        && (BY_NAME.matcher(name).matches()
            || (name.endsWith("_PORT") && BY_VALUE.matcher(value).matches()));
  }
}
