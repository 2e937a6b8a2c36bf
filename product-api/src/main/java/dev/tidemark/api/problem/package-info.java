/// Errors as clients see them: `application/problem+json`, RFC 9457.
///
/// A [Violation] is a broken rule with its field, a [ProblemType] a kind of error with its status,
/// and a [Problem] the answer made of both. Where an answer cannot be returned it is thrown as a
/// [ProblemException], and the endpoint sends it.
///
/// It knows nothing of products, requests or the database; docs/problems.md describes each type.
@NullMarked
package dev.tidemark.api.problem;

import org.jspecify.annotations.NullMarked;
