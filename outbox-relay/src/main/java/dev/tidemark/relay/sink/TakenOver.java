package dev.tidemark.relay.sink;

import java.util.Optional;

/// What the relays before this one have left to know.
///
/// @param published what is published of the transactions that the log may hand out again
/// @param reach how far the slot can have been confirmed; empty when no relay has ever written it
public record TakenOver(PublishedRows published, Optional<ConfirmedLimit> reach) {}
