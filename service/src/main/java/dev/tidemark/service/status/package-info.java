/// State that each service tells at `/status`, as records that the service writes and the command
/// `status` reads by the same code, [StatusJson].
///
/// [RelayReport], [InvalidatorReport] and [ApiReport] are the whole of it. Other programs read the
/// same JSON, so a name may be added, and none is changed or taken away.
///
/// It knows no service: each fills its own record, and no record computes anything.
@NullMarked
package dev.tidemark.service.status;

import org.jspecify.annotations.NullMarked;
