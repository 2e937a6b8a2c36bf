/// Common parts of the HTTP servers of all services.
///
/// [Http1] takes a connection of HTTP/1.1 or HTTP/1.0. [RequestBytes] hands its bytes on to Helidon
/// as HTTP/1.1, [RequestReader] is strict and lenient where RFC 9110 and RFC 9112 are, and
/// [AnswerWriter] writes answers to HTTP/1.0 without chunks. [AdminServer] is the server of an
/// admin port: health, metrics, and the state of the service.
///
/// It knows no paths of a service, no settings and no products.
@NullMarked
package dev.tidemark.service.http;

import org.jspecify.annotations.NullMarked;
