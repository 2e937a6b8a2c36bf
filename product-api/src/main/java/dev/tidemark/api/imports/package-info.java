/// Imports: many products in one request, written while their lines come in.
///
/// [ProductImport] takes the request. [Lines] cuts the body, [ProductLines] reads each line as a
/// product, and [ImportRun] writes one [ImportBatch] while it fills the next. [ImportReport]
/// counts; [ImportProgress] sends the counts while the import runs. A replacing import takes its
/// body to the end first, as a [SpooledBody].
///
/// It knows no SQL, and how a body gets here is for `http`.
@NullMarked
package dev.tidemark.api.imports;

import org.jspecify.annotations.NullMarked;
