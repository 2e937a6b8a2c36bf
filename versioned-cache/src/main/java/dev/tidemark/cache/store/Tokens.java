package dev.tidemark.cache.store;

import java.security.SecureRandom;
import java.util.Base64;

/// Tokens of leases: random, so that no two readers anywhere share one.
public final class Tokens {

  /// Length of a token: 128 bits.
  private static final int RANDOM_BYTES = 16;

  private static final int LONGEST = 64;

  private final SecureRandom random = new SecureRandom();

  public String next() {
    byte[] bytes = new byte[RANDOM_BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /// Returns whether a token is valid. Called for each fill of many.
  public static boolean isValid(String token) {
    return !token.isEmpty() && token.length() <= LONGEST && token.chars().allMatch(Tokens::isValid);
  }

  private static boolean isValid(int c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || c == '_'
        || c == '-';
  }
}
