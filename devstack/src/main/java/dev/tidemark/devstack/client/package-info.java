/// A client of the product API.
///
/// [ProductApi] sends requests to an [ApiAddress], which is given, or found in the file that a
/// running stack leaves. It knows HTTP and the fields of an answer, not what its callers do with
/// them.
@NullMarked
package dev.tidemark.devstack.client;

import org.jspecify.annotations.NullMarked;
