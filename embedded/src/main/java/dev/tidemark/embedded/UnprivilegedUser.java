package dev.tidemark.embedded;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Method by which any user can start a program that refuses to run as root (PostgreSQL).
///
/// An ordinary user starts it directly; one without a name in this container, whom PostgreSQL does
/// not accept either, in a user namespace of its own, where it is nobody. Root has two ways, by
/// what the machine or container permits:
/// * a user namespace of its own (`unshare -U`): the program sees itself as nobody, files stay
///   root's;
/// * `setpriv` to the user nobody, who then owns the files. Nobody may not pass through folders
///   like `/root`, so the program is given the one capability that lets it, where root itself has
///   it.
///
/// @param prefix what stands before the command
/// @param owner the user to whom root must give the program's files; empty when they are this
///   user's in any case
record UnprivilegedUser(List<String> prefix, Optional<String> owner) {
  private static final String NOBODY = "nobody";
  private static final List<String> OWN_NAMESPACE = List.of("unshare", "-U");
  private static final List<String> SETPRIV =
      List.of("setpriv", "--reuid=" + NOBODY, "--regid=nogroup", "--clear-groups");
  private static final List<String> PASS_FOLDERS =
      List.of("--inh-caps=+dac_override", "--ambient-caps=+dac_override");

  UnprivilegedUser {
    prefix = List.copyOf(prefix);
  }

  /// Returns the first method that works here.
  static UnprivilegedUser find() {
    UnixSystem self = new UnixSystem();
    if (self.getUid() != 0) {
      boolean named = self.getUsername() != null;
      return new UnprivilegedUser(named ? List.of() : OWN_NAMESPACE, Optional.empty());
    }
    for (UnprivilegedUser way : waysOfRoot()) {
      if (way.works()) {
        return way;
      }
    }
    throw new ServerStartException(
        "PostgreSQL does not run as root, and neither `unshare -U` nor `setpriv` works here: use an ordinary user");
  }

  static List<UnprivilegedUser> waysOfRoot() {
    return List.of(
        new UnprivilegedUser(OWN_NAMESPACE, Optional.of("root")),
        new UnprivilegedUser(joined(SETPRIV, PASS_FOLDERS), Optional.of(NOBODY)),
        new UnprivilegedUser(SETPRIV, Optional.of(NOBODY)));
  }

  boolean works() {
    try {
      Process id = new ProcessBuilder(joined(prefix, List.of("id", "-u"))).start();
      String uid = new String(id.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      return id.waitFor() == 0 && !uid.equals("0");
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /// Returns the folder in which this user can reach the program.
  Path programCache() {
    return owner.equals(Optional.of(NOBODY)) ? Binaries.systemCache() : Binaries.userCache();
  }

  List<String> command(List<String> command) {
    return joined(prefix, command);
  }

  /// Gives a folder and all in it to the user, unless that is done already.
  void own(Path folder) {
    owner.ifPresent(name -> give(folder, name));
  }

  private static void give(Path folder, String owner) {
    try {
      UserPrincipal user =
          folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(owner);
      if (Files.getOwner(folder).equals(user)) {
        return;
      }
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.toList()) {
          Files.setAttribute(file, "posix:owner", user, LinkOption.NOFOLLOW_LINKS);
        }
      }
      // Last, because it shows that all the others are done.
      Files.setOwner(folder, user);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot give " + folder + " to the user " + owner, e);
    }
  }

  private static List<String> joined(List<String> first, List<String> second) {
    List<String> all = new ArrayList<>(first);
    all.addAll(second);
    return all;
  }
}
