package dev.tidemark.relay.sink;

import dev.tidemark.relay.status.SlotState;
import org.postgresql.replication.LogSequenceNumber;

/// How far the relays of a slot can have confirmed it: up to here, never beyond. Written down
/// before anything is confirmed.
///
/// So a slot that stands beyond it was not moved there by a relay: it was dropped and made again,
/// or moved by hand, and rows in between did not come through it (H28).
///
/// @param timeline the server's timeline, which a promotion changes; LSNs of two timelines cannot
///   be compared
public record ConfirmedLimit(int timeline, LogSequenceNumber lsn) {

  /// No slot is covered: what lies before its position may be missing from the topics.
  public static final ConfirmedLimit NOTHING = new ConfirmedLimit(0, LogSequenceNumber.valueOf(0));

  /// Whether nothing can be missing from the topics that lies before the slot's position.
  public boolean covers(SlotState slot) {
    return slot.confirmed().compareTo(lsn) <= 0
        // A slot that was copied to a standby is the one that the relays knew.
        && (slot.timeline() == timeline || slot.isSynced());
  }

  public boolean isBeyond(ConfirmedLimit other) {
    return timeline != other.timeline || lsn.compareTo(other.lsn) > 0;
  }
}
