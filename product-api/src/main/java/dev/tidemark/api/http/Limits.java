package dev.tidemark.api.http;

import java.time.Duration;

/// Limits beyond which the service sheds load.
///
/// @param connections open connections; more wait to be accepted
/// @param requests concurrent requests; more are asked to come back
/// @param bytes limit for the large bodies and answers of all requests together; more are asked to
///   come back
/// @param readTimeout time without data after which a client is dropped
/// @param writeTimeout time after which a client that does not read its answer is dropped
/// @param drain time for which it continues to serve after a request to stop, while it reports that
///   it is not ready
public record Limits(
    int connections,
    int requests,
    long bytes,
    Duration readTimeout,
    Duration writeTimeout,
    Duration drain) {}
