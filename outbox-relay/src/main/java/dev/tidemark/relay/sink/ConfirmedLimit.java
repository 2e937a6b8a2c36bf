package dev.tidemark.relay.sink;

import dev.tidemark.relay.status.SlotState;
import org.postgresql.replication.LogSequenceNumber;

/// Upper limit of the position that the relays of a slot can have confirmed. It is stored before
/// anything is confirmed.
///
/// So a slot beyond it was not moved there by a relay: it was dropped and created again, or moved
/// by hand, and rows in between did not come through it (H28).
///
/// @param timeline the server's timeline, which a promotion changes; LSNs of two timelines cannot
///   be compared
public record ConfirmedLimit(int timeline, LogSequenceNumber lsn) {

  /// Limit that covers no slot: events before the slot's position may be missing from the topics.
  public static final ConfirmedLimit NOTHING = new ConfirmedLimit(0, LogSequenceNumber.valueOf(0));

  /// Returns whether nothing that lies before the slot's position can be missing from the topics.
  public boolean covers(SlotState slot) {
    return slot.confirmed().compareTo(lsn) <= 0
        // A slot that was copied to a standby is the one that the relays knew.
        && (slot.timeline() == timeline || slot.isSynced());
  }

  public boolean isBeyond(ConfirmedLimit other) {
    return timeline != other.timeline || lsn.compareTo(other.lsn) > 0;
  }
}
