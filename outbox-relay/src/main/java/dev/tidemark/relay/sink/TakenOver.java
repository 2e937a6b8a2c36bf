package dev.tidemark.relay.sink;

import java.util.Optional;

/// State that the relays before this one have left.
///
/// @param published published part of the transactions that the log may return again
/// @param reach how far the slot can have been confirmed; empty when no relay has ever written it
public record TakenOver(PublishedRows published, Optional<ConfirmedLimit> reach) {}
