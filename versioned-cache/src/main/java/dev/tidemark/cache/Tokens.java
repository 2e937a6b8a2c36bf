package dev.tidemark.cache;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Pattern;

/// Tokens of leases: random, so that no two readers anywhere share one.
final class Tokens {

  /// 128 bits.
  private static final int RANDOM_BYTES = 16;

  private static final Pattern VALID = Pattern.compile("[A-Za-z0-9_-]{1,64}");

  private final SecureRandom random = new SecureRandom();

  String next() {
    byte[] bytes = new byte[RANDOM_BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  static boolean isValid(String token) {
    return VALID.matcher(token).matches();
  }
}
