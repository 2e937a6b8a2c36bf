package dev.tidemark.devstack.stack;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/// The smallest program that behaves like a service towards its supervisor: it reports on its admin
/// port that it is ready, and it reports faults in its settings. The system tests use the real
/// services; this test covers only the supervision.
///
/// `STAND_IN_<admin port's variable>` names a file: it dies once, and makes the file then.
public final class StandInService {
  private StandInService() {}

  public static void main(String[] arguments) throws IOException {
    String wrong = System.getenv("CACHE_TTL_SECONDS");
    if (wrong != null) {
      System.out.println("CACHE_TTL_SECONDS is '" + wrong + "', not a number");
      System.exit(2);
    }
    if (arguments.length > 0) {
      return;
    }
    for (String name : System.getenv().keySet()) {
      if (name.startsWith("TIDEMARK_") && name.endsWith("_ADMIN_PORT")) {
        dieOnce(System.getenv("STAND_IN_" + name));
        HttpServer server =
            HttpServer.create(
                new InetSocketAddress(
                    InetAddress.ofLiteral("127.0.0.1"), Integer.parseInt(System.getenv(name))),
                0);
        server.createContext("/health/ready", exchange -> exchange.sendResponseHeaders(200, -1));
        server.createContext(
            "/topics",
            exchange -> {
              byte[] topics = System.getenv("KAFKA_PRODUCT_TOPIC").getBytes(StandardCharsets.UTF_8);
              exchange.sendResponseHeaders(200, topics.length);
              exchange.getResponseBody().write(topics);
              exchange.close();
            });
        server.createContext(
            "/exhaust-memory",
            exchange -> {
              List<byte[]> all = new ArrayList<>();
              while (all.size() < Integer.MAX_VALUE) {
                all.add(new byte[10_000_000]);
              }
            });
        server.start();
      }
    }
  }

  private static void dieOnce(String file) throws IOException {
    if (file != null) {
      Path done = Path.of(file);
      if (!Files.exists(done)) {
        Files.createFile(done);
        System.out.println("ERROR it dies this once");
        System.exit(1);
      }
    }
  }

  /// Creates a tree like a built project, with this program in the place of every service; as
  /// `migrate` it ends at once.
  static Programs builtTree(Path home) throws IOException {
    for (String module : new String[] {"db", "product-api", "outbox-relay", "invalidator"}) {
      Path jar = home.resolve(module).resolve("target/app").resolve(module + ".jar");
      Files.createDirectories(jar.getParent());
      Manifest manifest = new Manifest();
      manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
      manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, StandInService.class.getName());
      String entry = StandInService.class.getName().replace('.', '/') + ".class";
      try (OutputStream out = Files.newOutputStream(jar);
          JarOutputStream archive = new JarOutputStream(out, manifest);
          var in = StandInService.class.getClassLoader().getResourceAsStream(entry)) {
        archive.putNextEntry(new JarEntry(entry));
        in.transferTo(archive);
      }
    }
    return new Programs(home);
  }
}
