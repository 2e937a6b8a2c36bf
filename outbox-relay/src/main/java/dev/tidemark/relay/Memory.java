package dev.tidemark.relay;

import java.util.Optional;

/// What the relays before this one have left to know.
///
/// @param published what is published of the transactions that the log may hand out again
/// @param reach how far the slot can have been confirmed; empty when no relay has ever written it
record Memory(PublishedRows published, Optional<Reach> reach) {}
