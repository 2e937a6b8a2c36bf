/// Common parts of all resources on the way from a connection to an answer.
///
/// [TimedSockets] and [ClientConnections] bound how long a client may let wait; [Endpoint] picks
/// the handler of a method, asks [BearerTokens] and [Admission], measures by [HttpMetrics], and
/// answers with a problem whatever goes wrong. [Bodies] takes the body of a request,
/// [RequestHeaders] its headers, [Answers] and [CacheStatus] make the answer. [BytesUnderWay]
/// bounds the memory of all requests together.
///
/// It does not know products; of the store it knows the faults that it answers with a status.
@NullMarked
package dev.tidemark.api.http;

import org.jspecify.annotations.NullMarked;
