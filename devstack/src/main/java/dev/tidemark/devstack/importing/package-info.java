/// The command `import`: sends a file to the API.
///
/// [Import] reads the options and streams the file through [CountingInputStream]; [ImportProgress]
/// shows how far it is. What became of each line is the API's answer.
///
/// It starts no stack and knows no database.
@NullMarked
package dev.tidemark.devstack.importing;

import org.jspecify.annotations.NullMarked;
