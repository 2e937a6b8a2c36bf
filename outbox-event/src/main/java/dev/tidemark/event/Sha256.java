package dev.tidemark.event;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// SHA-256 of a payload.
public final class Sha256 {

  private Sha256() {}

  public static byte[] of(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /// Returns it as [EventHeaders#DEAD_LETTER_VALUE_SHA256] has it: 64 hexadecimal digits.
  public static byte[] hexOf(byte[] bytes) {
    return HexFormat.of().formatHex(of(bytes)).getBytes(US_ASCII);
  }
}
