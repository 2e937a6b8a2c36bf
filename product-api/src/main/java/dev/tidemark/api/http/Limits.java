package dev.tidemark.api.http;

import java.time.Duration;

/// How much the service takes on before it sheds.
///
/// @param connections that are open; more wait to be accepted
/// @param requests that are carried out at the same time; more are told to come back
/// @param bytes that the large bodies and answers of all requests may take together; more are told
///   to come back
/// @param readTimeout a client that sends nothing for so long is given up
/// @param writeTimeout a client that does not take a piece of its answer for so long is given up
/// @param drain so long it goes on serving when it is told to stop, and says that it is not ready
public record Limits(
    int connections,
    int requests,
    long bytes,
    Duration readTimeout,
    Duration writeTimeout,
    Duration drain) {}
