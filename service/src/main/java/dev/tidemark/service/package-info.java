/// What the HTTP servers of all services have in common: which protocols they speak. A connection's
/// bytes pass through here on their way to Helidon, and answers on their way back; nothing here
/// knows paths, settings or products.
@NullMarked
package dev.tidemark.service;

import org.jspecify.annotations.NullMarked;
