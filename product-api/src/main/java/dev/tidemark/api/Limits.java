package dev.tidemark.api;

import java.time.Duration;

/// How much the service takes on before it sheds.
///
/// @param connections that are open; more wait to be accepted
/// @param requests that are carried out at the same time; more are told to come back
/// @param readTimeout a client that sends nothing for so long in the middle of a request is given
///   up
record Limits(int connections, int requests, Duration readTimeout) {}
